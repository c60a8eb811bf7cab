"""What the people of the demo company write down."""

from __future__ import annotations

OCCASIONS = (
    "Plan rollout",
    "second plant",
    "maintenance pilot",
    "spare-parts store",
    "sensor retrofit",
    "night-shift crews",
    "all sites",
    "mobile crews",
    "after the audit",
    "boiler house",
    "packing lines",
    "new depot",
)

PAINS = (
    "Crews plan on paper; a third of the orders is done twice or not at all.",
    "Spare parts are bought in a hurry because nobody knows what is in store.",
    "Each stop of the filling line costs about 9,000 an hour, and nobody sees it coming.",
    "Inspection reports reach the office days later and are typed in again.",
    "Two systems disagree on which machine was serviced when.",
    "The auditor found gaps in the maintenance history of pressure vessels.",
)
TODAY = (
    "Spreadsheets and a white board in each hall.",
    "A module of the ERP that only planners can use.",
    "A home-grown database whose author has retired.",
    "Paper orders, filed by machine.",
    "A competitor's product at two of seven sites.",
)
BY_WHEN = (
    "Before the summer shutdown, when every line is serviced.",
    "In the new budget year.",
    "The old system is switched off in two quarters.",
    "As soon as the works council has agreed.",
    "After the plant in the north has moved.",
)
TECHNOLOGY = (
    "Single sign-on, and orders exchanged with the ERP once a night.",
    "Works without a network in the basement; syncs at the gate.",
    "Reads the vibration sensors that are there already.",
    "Hosted in the EU, data exported in an open format.",
)
STAKEHOLDERS = (
    "Plant manager for it; IT neutral until the security review; purchasing wants three offers.",
    "Head of maintenance is our champion; the finance director decides; works council to be heard.",
    "Operations and IT agree; legal asks for its own contract.",
)
REDLINES = (
    "Liability and data processing, both within what legal gave us.",
    "They strike the automatic renewal and ask for 60 days of notice.",
    "A longer payment period, and the name not used in marketing.",
)
COMPETITORS = ("Fennel CMMS", "OpenWrench", "Plantwise Nine", "Maintio")

NEXT_STEPS = (
    "Send the recap of the call",
    "Walk the plant with the shift lead",
    "Set up the test tenant",
    "Call about the works council",
    "Send the revised proposal",
    "Get the order form to legal",
    "Agree on the start date",
)

ACTIVITIES = {
    ("call", "us"): (
        "Called about next steps; they are comparing two offers.",
        "Left a message with the assistant.",
        "Went through the open questions of purchasing.",
    ),
    ("meeting", "buyer"): (
        "They showed us the workshop; forty crews, three shifts.",
        "Demo with twelve people; the planners want it, IT asks about sign-on.",
        "They invited us to the steering meeting.",
    ),
    ("mail", "buyer"): (
        "Their questions on hosting and data protection came in.",
        "They confirmed the dates for the trial.",
        "Purchasing asks for a better price for a longer term.",
    ),
    ("mail", "us"): (
        "Sent the summary with the savings per line.",
        "Sent two references from the same trade.",
    ),
    ("note", "us"): (
        "Budget is there, but shared with the energy project.",
        "The champion changes to another plant in spring.",
        "Their fiscal year ends in September.",
    ),
}

PUSH_NOTES = (
    "The committee meets a month later than they thought.",
    "Purchasing asks for another round.",
    "The person who signs is away until then.",
    "They wait for the budget to be released.",
)

SKIP_REASONS = (
    "They know the product from their sister company.",
    "The trial of last year answered this already.",
)
BACK_REASONS = (
    "A new plant joined; the needs are taken up again.",
    "The decision maker changed; we show it once more.",
)

WHY = (
    "The incumbent offers the same for less; with this we are level.",
    "They sign before the end of the quarter and start with all sites at once.",
    "A group contract is in sight; this plant is the door.",
    "Purchasing must show a saving against the first offer.",
    "Their lawyers accept everything else as it is.",
)
IN_RETURN = (
    (["reference"], "A public reference and a visit a year."),
    (["longer_term"], "They commit for longer than they asked at first."),
    (["prepayment"], "The first year is paid on signature."),
    (["volume"], "A second site in the first year, in writing."),
    (["nothing"], ""),
    (["reference", "volume"], "A reference, and the sister plant within a year."),
)
NEEDED_CAUSES = (
    "Their board meets the day after.",
    "The offer of the other side runs out.",
    "End of their budget period.",
    "The buyer leaves for two weeks.",
)
YES = (
    "Fine with the reference in return.",
    "In line with what we gave others of that size.",
    "",
    "",
    "Agreed. Keep it to this term.",
    "",
)
NO = (
    "Too far below what this segment pays. Come back with less or a longer term.",
    "We do not take this clause; offer our standard with a higher credit.",
    "Nothing is given in return. Ask for prepayment first.",
    "The margin of the service part does not carry this.",
)
RECALLED = "The customer changed the scope; a new offer follows."
