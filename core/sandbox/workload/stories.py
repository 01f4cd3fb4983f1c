"""The work of the simulated agents, by task type, and its errors."""

from typing import Final

STORIES: Final = {
    "layout_fix": ("Align the booking form on small screens", "Stop the sidebar from covering the map"),
    "type_improvement": ("Replace any in the invoice service", "Narrow the driver status union"),
    "performance_optimization": ("Load the fleet map lazily", "Batch the trip history queries"),
    "test_creation": ("Cover the refund path", "Test the shift planner across midnight"),
    "documentation": ("Describe the webhook retries", "Explain the tariff table"),
    "accessibility": ("Label the dispatch buttons", "Restore the focus after the dialog"),
    "security_fix": ("Escape the customer note in mails", "Limit sign-in attempts per address"),
    "database_migration": ("Index trips by company", "Split the address column"),
    "edge_function": ("Time out the geocoder call", "Cache the tariff lookup"),
    "feature_implementation": ("Offer recurring rides", "Export the monthly report"),
    "bug_fix": ("Round the fare only once", "Keep the draft when the session ends"),
    "refactoring": ("Extract the pricing rules", "Merge the two date pickers"),
}

ERRORS: Final = (
    "type check failed: 3 errors",
    "tests failed: 2 of 148",
    "merge conflict in src/pricing.ts",
    "model answered with an empty patch",
    "lint failed after 3 attempts",
)

REVIEWS: Final = (
    ("database_migration", "Drop the unused column trips.legacy_id", 8, "high", ["migrations/0412.sql"], 20, 25),
    ("security_fix", "Rotate the signing key of the webhooks", 9, "medium", ["webhook.ts", "env.ts"], 45, 11),
    ("refactoring", "Merge the two fare calculators", 4, "low", ["src/fare.ts", "src/fare-night.ts"], 90, 4),
)
"""What waits for a review from the beginning: type, description, priority, risk, files, minutes it may take, age."""
