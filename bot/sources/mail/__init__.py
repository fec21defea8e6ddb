"""Mail by the webhook of a mail service: one alert for each mail."""
