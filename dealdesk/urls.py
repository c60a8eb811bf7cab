from django.urls import path

from dealdesk.views import (
    approvals,
    conversation,
    exceptions,
    links,
    policies,
    quotes,
    requests,
    setup,
)

app_name = "dealdesk"

urlpatterns = [
    path("deals/<int:pk>/quotes/new/", quotes.quote_new, name="quote-new"),
    path("quotes/<int:pk>/", quotes.quote_detail, name="quote-detail"),
    path("quotes/<int:pk>/edit/", quotes.quote_edit, name="quote-edit"),
    path("quotes/<int:pk>/preview/", quotes.quote_preview, name="quote-preview"),
    path("quotes/<int:pk>/submit/", quotes.quote_submit, name="quote-submit"),
    path("quotes/<int:pk>/revise/", quotes.quote_revise, name="quote-revise"),
    path("quotes/<int:pk>/clone/", quotes.quote_clone, name="quote-clone"),
    path("quotes/<int:pk>/make-primary/", quotes.quote_make_primary, name="quote-make-primary"),
    path("requests/<int:pk>/", requests.request_detail, name="request-detail"),
    path("requests/<int:pk>/condition/", requests.request_condition, name="request-condition"),
    path("requests/<int:pk>/bypass/", requests.request_bypass, name="request-bypass"),
    path("requests/<int:pk>/recall/", requests.request_recall, name="request-recall"),
    path("requests/<int:pk>/comment/", conversation.request_comment, name="request-comment"),
    path("requests/<int:pk>/answer/", conversation.request_answer, name="request-answer"),
    path("approvals/<int:pk>/hand-on/", approvals.approval_hand_on, name="approval-hand-on"),
    path("approvals/<int:pk>/ask/", conversation.approval_ask, name="approval-ask"),
    path("decisions/<int:pk>/revoke/", requests.decision_revoke, name="decision-revoke"),
    path("approvals/", approvals.approval_inbox, name="approval-inbox"),
    path("approvals/<int:pk>/", approvals.approval_detail, name="approval-detail"),
    path("approvals/<int:pk>/decide/", approvals.approval_decide, name="approval-decide"),
    path("a/<str:token>/", links.approval_link, name="approval-link"),
    path("a/slot/<int:pk>/", links.approval_link_page, name="approval-link-page"),
    path("a/slot/<int:pk>/fresh/", links.approval_link_fresh, name="approval-link-fresh"),
    path("a/slot/<int:pk>/forget/", links.approval_link_forget, name="approval-link-forget"),
    path("a/slot/<int:pk>/step-out/", links.approval_link_step_out, name="approval-link-step-out"),
    path("exceptions/", exceptions.exception_report, name="exception-report"),
    path("exceptions/export/<str:form>/", exceptions.exception_export, name="exception-export"),
    path("policy/", policies.policy_detail, name="policy-detail"),
    path("prices/", policies.price_list, name="price-list"),
    path("terms/", policies.term_catalogue, name="term-catalogue"),
    path("setup/", setup.company_setup, name="setup"),
]
