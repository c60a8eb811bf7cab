"""The addresses of the pages on which the policy is read, drafted and published."""

from django.urls import path

from dealdesk.views import policies, policydrafts, policyversions

urlpatterns = [
    path("policy/", policies.policy_detail, name="policy-detail"),
    path("policy/versions/", policyversions.policy_versions, name="policy-versions"),
    path("policy/versions/<int:number>/", policyversions.policy_version, name="policy-version"),
    path(
        "policy/versions/<int:number>/file/",
        policyversions.policy_version_file,
        name="policy-version-file",
    ),
    path(
        "policy/versions/<int:number>/confirm/",
        policyversions.policy_confirm,
        name="policy-confirm",
    ),
    path("policy/draft/", policydrafts.policy_draft, name="policy-draft"),
    path("policy/draft/start/", policydrafts.policy_draft_start, name="policy-draft-start"),
    path("policy/draft/acknowledge/", policydrafts.policy_acknowledge, name="policy-acknowledge"),
    path("policy/draft/propose/", policydrafts.policy_propose, name="policy-propose"),
    path("policy/draft/publish/", policydrafts.policy_publish, name="policy-publish"),
    path("policy/draft/discard/", policydrafts.policy_draft_discard, name="policy-draft-discard"),
    path("policy/draft/file/", policydrafts.policy_draft_file, name="policy-draft-file"),
    path("policy/draft/import/", policydrafts.policy_import, name="policy-import"),
    path("policy/draft/<slug:area>/", policydrafts.policy_area, name="policy-area"),
]
