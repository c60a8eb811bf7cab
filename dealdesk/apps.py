from django.apps import AppConfig


class DealdeskConfig(AppConfig):
    name = "dealdesk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from dealdesk import (
            batches,
            confirming,
            coverage,
            defaults,
            findings,
            imports,  # noqa: F401  (it registers its kind and the quote of a deal)
            integrity,
            links,
            mailhooks,
            mails,
            mornings,
            navigation,
            papers,
            stories,
            tasks,
            waits,
        )
        from dealdesk.demo import registration
        from dealdesk.history import declare_history
        from dealdesk.operations import covering, handing, large_deals, threads
        from pipeline import registry
        from pipeline.alerting.waiting import register_waiting
        from revops.defaults import register_default
        from revops.outbox.links import register_link, register_reply
        from revops.people.registry import register_absence_follower, register_holding
        from revops.work.registry import register_visibility as serve_files

        declare_history()
        register_default(defaults.ensure_dealdesk)
        register_link(links.KIND, links.derive_path)
        register_reply(links.KIND, links.reply_address)
        mailhooks.connect()
        register_link("request", mails.request_path)
        register_link("grant", mails.grant_path)
        register_link("policydraft", mails.policy_draft_path)
        register_link("policy", mails.policy_path)
        register_link("absence", mails.absence_path)
        register_absence_follower(tasks.follow_absences.delay)
        register_holding("approvals", handing.describe_slots, handing.hand_over_slots)
        register_link("thread", mails.thread_path)
        register_holding("desk threads", threads.describe_threads, threads.hand_over_threads)
        register_waiting("approvals", mornings.waiting_since, mornings.waiting_facts)
        serve_files("quote", papers.may_see_quote)
        integrity.register()
        registration.register()
        navigation.register()

        for item in coverage.ITEMS:
            registry.register_item(item)
        registry.register_kept(batches.approvals_of_many)
        for kind in findings.KINDS:
            registry.register_finding(kind)
        registry.register_extra_fact("quote", coverage.read_quote, batches.quotes_of_many)
        registry.register_extra_fact("approval_chain", coverage.read_chain, batches.chains_of_many)
        registry.register_check(coverage.check_cover)
        registry.register_effect(covering.on_move)
        registry.register_effect(large_deals.alert_desk)
        registry.register_changed(covering.on_deal_changed)
        registry.register_card_facts("dealdesk.approvals", coverage.card_facts)
        registry.register_visibility(coverage.held_slots)
        registry.register_waits("dealdesk.approvals", waits.waits_of)
        registry.register_stories("quote", stories.tell_quotes)
        registry.register_stories("approval", stories.tell_approvals)
        registry.register_stories("grant", stories.tell_grants)
        registry.register_stories("thread", stories.tell_threads)
        confirming.register()
        registry.register_field_lock("product", confirming.product_lock)
        registry.register_field_lock("amount", coverage.amount_lock)
        registry.register_field_lock("currency", coverage.amount_lock)
