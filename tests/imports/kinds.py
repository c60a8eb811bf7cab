"""A made-up kind, so that the engine is tested without any app's records."""

from decimal import Decimal

from revops.imports.fieldtypes import Choice, Choices, Day, Email, Integer, Number, Reference, Text
from revops.imports.kinds import Entity, Field, Kind, Stages

OPEN_OR_WON = (("open", "Open"), ("won", "Won"))

CRATE = Kind(
    key="crates",
    main="crate",
    run=lambda **_: None,
    stages=Stages(entity="crate", sets=("stage", "status"), dates=("packed_on", "sent_on")),
    entities=(
        Entity("shelf", (Field("name", Text(20), required=True),)),
        Entity(
            "crate",
            (
                Field("name", Text(20), required=True),
                Field("note", Text(1000, long=True)),
                Field("stage", Text(20)),
                Field("status", Choice(OPEN_OR_WON)),
                Field("worth", Number(digits=10, places=2, minimum=Decimal(0))),
                Field("pieces", Integer(minimum=1)),
                Field("packed_on", Day()),
                Field("sent_on", Day()),
                Field("mail", Email()),
                Field("marks", Choices((("red", "Red"), ("blue", "Blue")))),
                Field("inside", Reference("crate", ("external_id", "name"))),
            ),
        ),
        Entity("label", (Field("text", Text(20)),), attached_to="crate"),
    ),
)
