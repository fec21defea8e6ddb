"""Names of the kinds of status pages, as `kind` in the configuration."""

FEED_KINDS = (
    "adyen",
    "aws",
    "aws_feed",
    "azure",
    "better_stack",
    "cachet",
    "cachet_feed",
    "checkly",
    "generic_feed",
    "google_cloud",
    "incident_io_feed",
    "instatus",
    "openstatus",
    "openstatus_feed",
    "paypal",
    "slack",
    "status_io",
    "statuspage",
    "statuspage_feed",
    "upptime",
)
