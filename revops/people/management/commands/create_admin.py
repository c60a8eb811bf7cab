import secrets
from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from revops.people.actor import Actor, Via
from revops.people.operations import create_administrator
from revops.refusals import Refused


class Command(BaseCommand):
    help = "Add a RevOps administrator, or make a known person one. Asks for a password."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="blank: taken from the address")
        parser.add_argument(
            "--generate", action="store_true", help="make a password up and print it"
        )

    def handle(self, *args, email, name, generate, **options):
        password = secrets.token_urlsafe(18) if generate else self.ask_password()
        try:
            person = create_administrator(
                email=email,
                name=name or email.partition("@")[0].replace(".", " ").title(),
                password=password,
                by=Actor.system(Via.COMMAND),
                at=timezone.now(),
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{person.name} <{person.email}> is a RevOps administrator.")
        if generate:
            self.stdout.write(f"Password: {password}")

    def ask_password(self):
        password = getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if getpass("Password (again): ") != password:
            raise CommandError("The two passwords differ.")
        return password
