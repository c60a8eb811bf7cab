app_name = "dealdesk"
urlpatterns: list = []
