"""
Statements as people publish them, beside one recorded incident.

The incident lasted from 14:02 to 15:31 UTC on Tuesday, 3 March 2026. Half of the statements contradict that.
"""

import pytest

from bot.domain.findings import review_record
from bot.domain.record.model import Record
from bot.domain.terms import UpdateState
from tests.support.records.builders import RecordBuilder
from tests.support.records.findings import incident, published

DAY = "2026-03-03"
TIMES = {"duration-conflict", "start-time-conflict", "end-time-conflict", "weekday-conflict"}

WRONG_IMPACTS = (
    "Customers could not place orders for 45 minutes",
    "The API was down for three hours",
    "3 hours of failed API requests",
    "Complete outage for 30 min",
    "API unavailable 2h 30m",
    "The API was offline for over two hours",
    "All requests failed for half an hour",
    "Total outage: 35 minutes",
    "Outage of 35 min",
    "35 min outage",
    "Roughly 40 minutes of downtime for all customers",
    "Nobody could order for a quarter of an hour",
    "No orders were possible for 4 hours",
    "Users were unable to log in for approximately 3 hours",
    "The shop was unreachable for 25 minutes",
    "Checkout broken for 2h45",
    "Les clients n'ont pas pu commander pendant 45 minutes",
    "L'API a été indisponible pendant 3 heures",
    "Interruption totale de 35 minutes",
    "Panne complète : 35 min",
    "Service interrompu pendant 2 h 30",
    "Die API war 3 Stunden lang nicht erreichbar",
    "Die API war 25 Minuten nicht verfügbar",
    "Bestellungen waren 40 Minuten nicht möglich",
    "Kunden konnten 45 Minuten nicht bestellen",
    "Kompletter Ausfall für 35 Minuten",
    "Ausfall von 35 Minuten",
    "35-minütiger Totalausfall",
    "L'API è rimasta irraggiungibile per 3 ore",
    "I clienti non hanno potuto ordinare per 45 minuti",
    "Interruzione totale di 35 minuti",
    "Servizio fermo per 2 ore e 30 minuti",
    "La API estuvo caída durante 3 horas",
    "Los clientes no pudieron pedir durante 45 minutos",
    "Caída total de 35 minutos",
    "Sin servicio durante 25 minutos",
    "A API ficou indisponível por 3 horas",
    "Os clientes não conseguiram comprar por 45 minutos",
    "Queda total de 35 minutos",
    "Sem serviço durante 25 minutos",
)
"""Impacts of another length."""

RIGHT_IMPACTS = (
    "On average, requests took 3 seconds instead of 200 ms for 45 minutes",
    "Around 12,000 orders failed. Refunds will be made within 3 days",
    "Customers in the EU region saw errors for 40 minutes, those in the US for 1 hour 29 minutes",
    "Error rates peaked at 60% for 10 minutes around 15:00",
    "No data was lost. Webhooks were delayed by up to 3 hours",
    "Logins failed; sessions that were older than 24 hours were lost",
    "Emails were queued for 2 hours and then delivered",
    "Orders placed in the last 30 minutes before the incident had to be entered again",
    "API requests failed between 14:02 and 15:31; dashboards were stale until 16:10",
    "Users had to wait 5 minutes for a page",
    "Search results were out of date by 2 hours",
    "Roughly 1.5 hours of failed orders",
    "The API was down for about an hour and a half",
    "The API was unavailable for 89 minutes",
    "Payments failed for nearly 90 minutes",
    "Intermittent errors for 20 minutes, complete outage for 69 minutes",
    "Tokens expire after 10 minutes, so everybody was logged out",
    "Batch jobs that run every 5 minutes were skipped",
    "The 15 minute SLA was breached",
    "Kunden konnten knapp anderthalb Stunden lang nicht bestellen",
    "Les commandes étaient impossibles pendant près d'une heure et demie",
    "Der Export, der sonst 10 Minuten dauert, dauerte 3 Stunden",
    "20% of users affected for one hour",
    "Replication lag of 40 minutes built up",
    "We lost 2 hours of logs",
    "The first 10 minutes were a full outage",
    "A 5-minute cache kept the home page alive",
    "The outage lasted 1 hour 29 minutes, of which 40 minutes were a complete failure",
    "Half of the requests failed for 45 minutes",
    "The recovery of the last shard took another 20 minutes",
    "The site was slow for 30 minutes before it went down",
    "Support answered 300 tickets in 4 hours",
)
"""Impacts that are right, or about something else than the whole."""

WRONG_UPDATES = (
    "The outage lasted 45 minutes.",
    "The incident lasted approximately 3 hours.",
    "The service was interrupted for 45 minutes.",
    "Service was fully restored after 35 minutes.",
    "We restored service within 30 minutes.",
    "The total duration of the incident was 45 minutes.",
    "Total time to resolution: 35 minutes.",
    "After roughly three hours, all services were back online.",
    "All services recovered after 35 minutes.",
    "Customers could not log in for 30 minutes.",
    "The API was down for 35 minutes. We apologize.",
    "A 35 minute outage affected all customers.",
    "This incident, which lasted 3 hours, affected all customers.",
    "L'incident a duré 45 minutes.",
    "Le service a été interrompu pendant 45 minutes.",
    "La panne aura duré près de trois heures.",
    "Tout est revenu à la normale au bout de 35 minutes.",
    "Die Störung dauerte 45 Minuten.",
    "Der Dienst war 45 Minuten lang nicht erreichbar.",
    "Nach 35 Minuten lief alles wieder.",
    "Die Störung wurde nach 35 Minuten behoben.",
    "L'incidente è durato 45 minuti.",
    "Il servizio è stato interrotto per 45 minuti.",
    "Dopo 35 minuti tutto è tornato alla normalità.",
    "El incidente duró 45 minutos.",
    "El servicio estuvo interrumpido durante 45 minutos.",
    "El servicio se restableció a los 35 minutos.",
    "O incidente durou 45 minutos.",
    "O serviço ficou interrompido por 45 minutos.",
    "Tudo voltou ao normal após 35 minutos.",
    "Between 14:12 and 15:31 UTC the API failed.",
    "From 14:02 to 15:11 UTC the API failed.",
    "Between 2:12 PM and 3:31 PM UTC the API failed.",
    "On 3 March 2026, from 13:02 until 15:31 UTC, the API failed.",
    "On 2 March 2026 between 14:02 and 15:31 UTC, the API failed.",
    "API requests failed until 15:10 UTC.",
    "The outage began at 13:30 UTC and was resolved at 15:31 UTC.",
    "The incident started at 14:30 and ended at 15:31.",
    "The issue started at 14:02 UTC and was fixed by 15:10 UTC.",
    "Le 3 mars 2026, entre 13h02 et 15h31 (UTC), l'API était en panne.",
    "L'incident a commencé à 13h40 et s'est terminé à 15h31.",
    "Die Störung begann um 13:30 Uhr und endete um 15:31 Uhr.",
    "Von 14:02 bis 15:10 Uhr war die API gestört.",
    "L'incidente è iniziato alle 13:30 ed è terminato alle 15:31.",
    "El incidente empezó a las 13:30 y terminó a las 15:31.",
    "O incidente começou às 13h30 e terminou às 15h31.",
    "API outage 13:30 - 15:31 UTC",
    "On Monday, March 3rd, the API failed.",
    "Am Montag, 3. März 2026, war die API gestört.",
    "Lundi 3 mars 2026, l'API était en panne.",
)
"""Public updates with another length, window or weekday."""

RIGHT_UPDATES = (
    "We rolled back at 15:05 and error rates returned to normal 20 minutes later.",
    "The incident lasted from 14:02 to 15:31 UTC. Some customers saw slow responses until 16:00.",
    "The outage began at 14:02 and was resolved at 15:31. We deployed a fix at 15:05.",
    "Between 14:25 and 14:40 we investigated the database; the API was back at 15:31.",
    "We will publish a postmortem within 3 days.",
    "We will monitor for the next 2 hours.",
    "The fix took 15 minutes to roll out.",
    "The service is restored. It may take up to 30 minutes until all caches are fresh.",
    "Between 14:02 and 14:40 all requests failed, between 14:40 and 15:31 about half of them.",
    "From 14:02 to 15:31 (89 minutes) the API failed.",
    "From 14:02 to 15:31 UTC (about 1.5 hours) the API failed.",
    "Our maintenance window of Wednesday, 4 March 2026 from 22:00 to 23:00 is cancelled.",
    "On Tuesday, 3 March 2026, the API failed for about an hour and a half.",
    "Le 3 mars 2026 de 14h02 à 15h31 UTC, l'API était en panne.",
    "All systems have been stable for 30 minutes.",
    "We have been monitoring for 1 hour and consider this resolved.",
    "Everything is back to normal. The backlog will be processed in 2 hours.",
    "Everything was back to normal within an hour and a half.",
    "A previous outage lasted 3 hours; this one was shorter.",
    "Last week's incident lasted 3 hours.",
    "The incident on 12 February 2026 from 09:00 to 10:00 had the same cause.",
    "Customers could not log in for 24 minutes after the restart.",
    "The database failover completed in 8 minutes.",
    "Error rates were elevated from 14:02 until 15:31, with a peak at 14:40.",
    "The API was down 14:02-15:31 UTC.",
    "The queue was drained after 3 hours.",
    "If you still see errors after 10 minutes, contact us.",
    "Die Störung ist seit 15:31 Uhr behoben und dauerte rund 1,5 Stunden.",
    "We resolved it after 1 hour 29 minutes.",
    "The issue was detected after 4 minutes and resolved after 89 minutes.",
)
"""Public updates that are right, or about something else."""


def found_times(record: Record) -> set[str]:
    return TIMES.intersection(found.code for found in review_record(record))


def outage() -> RecordBuilder:
    return incident(f"{DAY} 14:02", f"{DAY} 15:31", zone="UTC")


@pytest.mark.parametrize("text", WRONG_IMPACTS)
def test_impacts_that_contradict_the_times(text):
    builder = outage()
    builder.impact(f"{DAY} 15:40", "oncall", text)

    assert found_times(builder.record())


@pytest.mark.parametrize("text", RIGHT_IMPACTS)
def test_impacts_that_do_not(text):
    builder = outage()
    builder.impact(f"{DAY} 15:40", "oncall", text)

    assert not found_times(builder.record())


@pytest.mark.parametrize("text", WRONG_UPDATES)
def test_updates_that_contradict_the_times(text):
    assert found_times(published(outage(), f"{DAY} 15:40", text))


@pytest.mark.parametrize("text", RIGHT_UPDATES)
def test_updates_that_do_not(text):
    assert not found_times(published(outage(), f"{DAY} 16:30", text))


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("Orders have been failing since 13:40.", True),
        ("All orders fail since 14:20.", True),
        ("All orders are refused since 14:20.", True),
        ("Depuis 13h40, les commandes sont indisponibles.", True),
        ("Le paiement par carte échoue depuis 13h40.", True),
        ("Seit 13:40 Uhr sind Bestellungen nicht möglich.", True),
        ("Dalle 13:40 gli ordini sono bloccati.", True),
        ("Desde las 13:40 los pedidos no están disponibles.", True),
        ("Desde as 13h40 os pedidos estão indisponíveis.", True),
        ("Les commandes sont en panne depuis 14h02.", False),
        ("Orders have been failing since about 14:05.", False),
        ("Some orders fail since 14:20.", False),
        ("Orders work again since 14:25.", False),
        ("We have been investigating since 14:20 why orders fail.", False),
        ("Nous analysons depuis 14h20 une panne des commandes.", False),
        ("The disk is full since 13:40.", False),
    ],
)
def test_since_when_something_fails(text, is_wrong):
    record = published(outage(), f"{DAY} 14:30", text, UpdateState.INVESTIGATING)

    assert bool(found_times(record)) == is_wrong
