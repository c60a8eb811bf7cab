"""The addresses of the pages on which rules and pick lists are written."""

from django.urls import path

from pipeline.views.rules import choices, drafts, pipelines, stages

DRAFT = "pipelines/<slug:pipeline>/draft/"
STAGE = f"{DRAFT}stages/<slug:stage>/"

urlpatterns = [
    path("pipelines/", pipelines.rule_list, name="rule-list"),
    path("pipelines/new/", pipelines.rule_new, name="rule-new"),
    path("pipelines/<slug:pipeline>/", pipelines.rule_detail, name="rule-detail"),
    path("pipelines/<slug:pipeline>/rename/", pipelines.rule_rename, name="rule-rename"),
    path("pipelines/<slug:pipeline>/retire/", pipelines.rule_retire, name="rule-retire"),
    path("pipelines/<slug:pipeline>/restore/", pipelines.rule_restore, name="rule-restore"),
    path(
        "pipelines/<slug:pipeline>/versions/<int:number>/",
        pipelines.rule_version,
        name="rule-version",
    ),
    path(DRAFT, drafts.rule_draft, name="rule-draft"),
    path(f"{DRAFT}start/", pipelines.rule_draft_start, name="rule-draft-start"),
    path(f"{DRAFT}order/", drafts.rule_order, name="rule-order"),
    path(f"{DRAFT}liberties/", drafts.rule_liberties, name="rule-liberties"),
    path(f"{DRAFT}deals/", drafts.rule_violations, name="rule-violations"),
    path(f"{DRAFT}publish/", drafts.rule_publish, name="rule-publish"),
    path(f"{DRAFT}discard/", drafts.rule_discard, name="rule-discard"),
    path(f"{DRAFT}new-stage/", stages.rule_stage_add, name="rule-stage-add"),
    path(STAGE, stages.rule_stage, name="rule-stage"),
    path(f"{STAGE}remove/", stages.rule_stage_remove, name="rule-stage-remove"),
    path(f"{STAGE}keep/", drafts.rule_stage_keep, name="rule-stage-keep"),
    path(f"{STAGE}items/", stages.rule_items, name="rule-items"),
    path(f"{STAGE}items/add/", stages.rule_item_add, name="rule-item-add"),
    path(f"{STAGE}items/<str:item>/change/", stages.rule_item_change, name="rule-item-change"),
    path(f"{STAGE}criteria/", stages.rule_criteria, name="rule-criteria"),
    path(f"{STAGE}criteria/add/", stages.rule_criterion_add, name="rule-criterion-add"),
    path(
        f"{STAGE}criteria/<slug:criterion>/change/",
        stages.rule_criterion_change,
        name="rule-criterion-change",
    ),
    path("lists/", choices.choice_lists, name="choice-lists"),
    path("lists/<slug:list>/", choices.choice_list, name="choice-list"),
    path("lists/<slug:list>/order/", choices.choice_order, name="choice-order"),
    path("lists/<slug:list>/values/<slug:key>/", choices.choice_rename, name="choice-rename"),
]
