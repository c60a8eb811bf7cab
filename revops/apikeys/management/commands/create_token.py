from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from revops.apikeys.operations import create_token
from revops.people.actor import Actor, Via
from revops.people.models import User
from revops.refusals import Refused


class Command(BaseCommand):
    help = "Make a token for the API and print it, this once."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="what it is used for")

    def handle(self, *args, email, name, **options):
        person = User.objects.filter(email=email.lower()).first()
        if person is None:
            raise CommandError(f"Nobody here has the address {email}.")
        by = Actor.system(Via.COMMAND)
        try:
            new = create_token(person=person, name=name, by=by, at=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stderr.write(f"The token of {person.name}. It is not shown again:")
        self.stdout.write(new.secret)
