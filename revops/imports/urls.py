from django.urls import path

from revops.imports import views

app_name = "imports"
urlpatterns = [
    path("imports/", views.run_list, name="run-list"),
    path("imports/upload/", views.run_upload, name="run-upload"),
    path("imports/<int:number>/", views.run_detail, name="run-detail"),
    path("imports/<int:number>/progress/", views.run_progress, name="run-progress"),
    path("imports/<int:number>/map/", views.run_map, name="run-map"),
    path("imports/<int:number>/examples/", views.run_examples, name="run-examples"),
    path("imports/<int:number>/use/", views.run_use_mapping, name="run-use-mapping"),
    path("imports/<int:number>/import/", views.run_import, name="run-import"),
    path("imports/<int:number>/drop/", views.run_drop, name="run-drop"),
    path("imports/<int:number>/mapping.toml", views.run_mapping, name="run-mapping"),
    path("imports/<int:number>/save/", views.mapping_save, name="mapping-save"),
    path("imports/mappings/<int:number>.toml", views.mapping_download, name="mapping-download"),
    path("settings/field-winners/", views.winner_list, name="winner-list"),
]
