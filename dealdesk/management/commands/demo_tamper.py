"""`manage.py demo_tamper`: edit one entry of the ledger in a copy, and see it found."""

from __future__ import annotations

from django.core.management import BaseCommand, CommandError

from dealdesk.demo.tampering import tamper_with_a_copy
from revops.refusals import Refused


class Command(BaseCommand):
    help = "Copy the ledger, edit one entry in the copy as an intruder would, and verify the copy."

    def handle(self, **options) -> None:
        try:
            tampered = tamper_with_a_copy()
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"The copy is {tampered.place}; the original is untouched.")
        self.stdout.write(f"In the copy: {tampered.edited}\n\n")
        self.stdout.write("$ manage.py verify_ledger, on the copy:")
        self.stdout.write(tampered.said.strip())
        if not tampered.is_found:
            raise CommandError("The edit was not found. That should never happen.")
        self.stdout.write("\n" + self.style.SUCCESS("The ledger named the entry that was edited."))
