from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from revops.apikeys.models import Token
from revops.apikeys.operations import revoke_token
from revops.people.actor import Actor, Via


class Command(BaseCommand):
    help = "Revoke the tokens of a person: all, or those that begin as --hint says."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--hint", default="", help="how the token begins")

    def handle(self, *args, email, hint, **options):
        tokens = Token.objects.standing().filter(person__email=email.lower())
        tokens = list(tokens.filter(hint__startswith=hint[:10]).order_by("pk"))
        if not tokens:
            raise CommandError(f"{email} has no such token.")
        for token in tokens:
            revoke_token(token=token, by=Actor.system(Via.COMMAND), at=timezone.now())
            self.stdout.write(f"Revoked {token.hint}…")
