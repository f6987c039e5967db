"""The vocabulary of the demo's traffic: three invented companies, their people, courses and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CourseText:
    title: str
    description: str
    subject: str


@dataclass(frozen=True, slots=True)
class Company:
    """One tenant's own words; none of them occurs in another tenant's."""

    name: str
    domain: str
    prefix: str
    people: Sequence[str]
    courses: Sequence[CourseText]
    note_titles: Sequence[str]
    note_texts: Sequence[str]


COMPANIES = (
    Company(
        "Northwind Sailing Academy", "northwind-sailing.example", "SAIL",
        ("Ingrid Halvorsen", "Bastian Okafor", "Marguerite Delacroix", "Tomasz Wierzbicki"),
        (
            CourseText("Coastal Navigation by Chart", "Plotting, bearings and tides on a rocky coast", "navigation"),
            CourseText("Rigging and Rope Work", "Splices, whippings and a rig you can trust in a gale", "seamanship"),
            CourseText("Heavy Weather Sailing", "Reefing early, heaving to and riding out a storm", "seamanship"),
            CourseText("Night Passage Masterclass", "One berth on one boat for a night at sea", "navigation"),
        ),
        ("Tide tables for the Solent", "Knots worth practising", "Questions about the compass", "Packing for the boat"),
        (
            "The springs run hard past the needle rocks, leave two hours before low water",
            "A rolling hitch holds on the anchor chain when the snubber slips at night",
            "Deviation card was off by four degrees on a westerly heading, ask Ingrid",
            "Oilskins, a head torch with a red filter and ginger biscuits for the crossing",
        ),
    ),
    Company(
        "Alpenglow Pastry School", "alpenglow-pastry.example", "BAKE",
        ("Leopold Steinbrenner", "Yuki Matsumoto", "Carmela Bianchini", "Oluwaseun Adeyemi"),
        (
            CourseText("Laminated Doughs from Scratch", "Croissants and puff pastry with real butter", "viennoiserie"),
            CourseText("Sugar Pulling and Blowing", "Ribbons, swans and blossoms of hot sugar", "decoration"),
            CourseText("Sourdough for Patisserie", "Keeping a sweet starter and baking panettone", "fermentation"),
            CourseText("Wedding Cake Apprenticeship", "One apprentice beside the head pastry cook", "decoration"),
        ),
        ("Butter temperature notes", "Oven spring experiment", "Shopping list for caramel", "Glaze that kept cracking"),
        (
            "Fold the dough at fourteen degrees and rest it forty minutes between turns",
            "Steam for the first nine minutes gave the panettone a taller crown",
            "Muscovado, double cream, smoked salt and a thermometer that is not broken",
            "The mirror glaze cracks when poured below thirty one degrees on frozen mousse",
        ),
    ),
    Company(
        "Meridian Astronomy Club", "meridian-astronomy.example", "STAR",
        ("Philippa Thistlewood", "Rajesh Venkataraman", "Anneliese Vogt", "Santiago Ibarrola"),
        (
            CourseText("Grinding a Telescope Mirror", "From a glass blank to a parabola by hand", "optics"),
            CourseText("Variable Stars with Binoculars", "Light curves anybody can contribute to", "observing"),
            CourseText("Astrophotography on a Budget", "Stacking faint galaxies with a used camera", "imaging"),
            CourseText("Dome Keeper for a Night", "A single place under the great refractor", "observing"),
        ),
        ("Collimation checklist", "Mira brightness estimates", "Dew heater wiring", "Dark sites within an hour"),
        (
            "Centre the donut with the secondary first and only then touch the primary",
            "Mira stood between the comparison stars of magnitude six and seven on Tuesday",
            "Twelve volt strip around the corrector plate draws less than half an ampere",
            "The quarry beyond the reservoir has no lamps and a flat southern horizon",
        ),
    ),
)  # fmt: skip
