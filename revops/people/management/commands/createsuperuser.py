from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "There are no superusers here: use create_admin."

    def handle(self, *args, **options):
        raise CommandError("There are no superusers here. Use: manage.py create_admin EMAIL")
