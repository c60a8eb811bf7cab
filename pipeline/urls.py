from django.urls import path

from pipeline.views import accounts, board, buying, close_dates, deals, home, items, lists, moves

app_name = "pipeline"

urlpatterns = [
    path("", home.home, name="home"),
    path("deals/", lists.deal_list, name="deal-list"),
    path("deals/board/", board.deal_board, name="deal-board"),
    path("deals/board/<slug:stage>/", board.deal_column, name="deal-column"),
    path("deals/new/", deals.deal_new, name="deal-new"),
    path("deals/push/", close_dates.deal_bulk_push, name="deal-bulk-push"),
    path("deals/move/", lists.deal_bulk_move, name="deal-bulk-move"),
    path("deals/<int:pk>/", deals.deal_detail, name="deal-detail"),
    path("deals/<int:pk>/edit/", deals.deal_edit, name="deal-edit"),
    path("deals/<int:pk>/timeline/", deals.deal_timeline, name="deal-timeline"),
    path("deals/<int:pk>/move/", moves.deal_move, name="deal-move"),
    path("deals/<int:pk>/advance/", moves.deal_advance, name="deal-advance"),
    path("deals/<int:pk>/skip/", moves.deal_skip, name="deal-skip"),
    path("deals/<int:pk>/send-back/", moves.deal_send_back, name="deal-send-back"),
    path("deals/<int:pk>/win/", moves.deal_win, name="deal-win"),
    path("deals/<int:pk>/lose/", moves.deal_lose, name="deal-lose"),
    path("deals/<int:pk>/reopen/", moves.deal_reopen, name="deal-reopen"),
    path("deals/<int:pk>/push/", close_dates.deal_push, name="deal-push"),
    path("deals/<int:pk>/reassign/", deals.deal_reassign, name="deal-reassign"),
    path("deals/<int:pk>/activities/", buying.deal_activity_log, name="deal-activity-log"),
    path("deals/<int:pk>/next-step/", buying.deal_next_step, name="deal-next-step"),
    path("deals/<int:pk>/contacts/", buying.deal_contact_link, name="deal-contact-link"),
    path(
        "deals/<int:pk>/contacts/<int:link>/unlink/",
        buying.deal_contact_unlink,
        name="deal-contact-unlink",
    ),
    path("deals/<int:pk>/team/", buying.deal_member_add, name="deal-member-add"),
    path(
        "deals/<int:pk>/team/<int:member>/remove/",
        buying.deal_member_remove,
        name="deal-member-remove",
    ),
    path("deals/<int:pk>/attachments/", buying.deal_attach, name="deal-attach"),
    path(
        "deals/<int:pk>/attachments/<int:file>/remove/",
        buying.deal_attachment_remove,
        name="deal-attachment-remove",
    ),
    path(
        "deals/<int:pk>/criteria/<slug:key>/tick/",
        items.deal_criterion_tick,
        name="deal-criterion-tick",
    ),
    path("deals/<int:pk>/items/<str:key>/", items.deal_item_fill, name="deal-item-fill"),
    path("deals/<int:pk>/items/<str:key>/none/", items.deal_item_none, name="deal-item-none"),
    path("accounts/", accounts.account_list, name="account-list"),
    path("accounts/new/", accounts.account_new, name="account-new"),
    path("accounts/options/", accounts.account_options, name="account-options"),
    path("accounts/<int:pk>/", accounts.account_detail, name="account-detail"),
    path("accounts/<int:pk>/edit/", accounts.account_edit, name="account-edit"),
    path("accounts/<int:pk>/segment/", accounts.account_segment, name="account-segment"),
    path("accounts/<int:pk>/timeline/", accounts.account_timeline, name="account-timeline"),
    path("accounts/<int:pk>/contacts/new/", accounts.contact_new, name="contact-new"),
    path("contacts/<int:pk>/edit/", accounts.contact_edit, name="contact-edit"),
]
