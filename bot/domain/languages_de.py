"""What documents say in German."""

from collections.abc import Mapping
from types import MappingProxyType

GERMAN: Mapping[str, str] = MappingProxyType(
    {
        "postmortem": "Postmortem",
        "issue_summary": "Zusammenfassung",
        "duration": "Dauer",
        "start": "Beginn",
        "end": "Ende",
        "impact": "Auswirkungen",
        "cause": "Ursache",
        "root_cause": "Grundursache",
        "response": "Reaktion",
        "timeline": "Zeitlicher Ablauf",
        "detection": "Erkennung",
        "actions_taken": "Ergriffene Maßnahmen",
        "misleading_paths": "Falsche Fährten",
        "escalations": "Eskalationen",
        "resolution": "Behebung",
        "communication": "Öffentliche Mitteilungen",
        "root_cause_and_resolution": "Grundursache und Behebung",
        "underlying_and_resolution": "Zugrunde liegendes Problem und Behebung",
        "measures": "Korrektur- und Vorbeugemaßnahmen",
        "improvements": "Verbesserungen",
        "tasks": "Aufgaben",
        "efforts": "Arbeiten zur Lösung des Problems",
        "conclusion": "Fazit",
        "by_the_clock": "Vollständiger Ablauf",
        "alerts": "Alarme",
        "also_stated": "Weitere Angaben",
        "lead": "Einsatzleitung",
        "outside_reference": "Referenz",
        "category": "Kategorie",
        "responsibility": "Verantwortung",
        "drill": "Übung",
        "private": "vertraulich",
        "status_triage": "in Ersteinschätzung",
        "status_investigating": "in Untersuchung",
        "status_identified": "Ursache gefunden",
        "status_monitoring": "unter Beobachtung",
        "status_resolved": "behoben",
        "status_closed": "abgeschlossen",
        "status_cancelled": "abgebrochen",
        "status_merged": "mit einem anderen Vorfall zusammengeführt",
        "detected": "Erkannt",
        "declared": "Eröffnet",
        "first_acknowledged": "Erste Reaktion",
        "identified": "Ursache gefunden",
        "mitigated": "Eingedämmt",
        "resolved": "Behoben",
        "first_public_word": "Erste Mitteilung",
        "last_public_word": "Letzte Mitteilung",
        "date_and_time": "{date}, {time}",
        "date_and_about": "{date}, {time}",
        "oclock": "{time} Uhr",
        "with_zone": "{time} ({zone})",
        "about_one": "gegen {time}",
        "about_other": "gegen {time}",
        "at_one": "um {time}",
        "at_other": "um {time}",
        "from_one": "von {time}",
        "from_other": "von {time}",
        "to_one": "bis {time}",
        "to_other": "bis {time}",
        "roughly": "ca. {time}",
        "on_day": "am {when}",
        "since": "Seit dem {when}",
        "span_day": "am {date} {start} {end}",
        "span_days": "vom {start} bis zum {end}",
        "first_of_month": "1",
        "length_d_one": "{count} d",
        "length_d_other": "{count} d",
        "length_h": "{count} h",
        "length_m": "{count} min",
        "length_s": "{count} s",
        "from_to": "{duration}, {span}",
        "from_to_unclear": "Das festgehaltene Ende ({end}) liegt vor dem festgehaltenen Beginn ({start})",
        "after": "nach {duration}",
        "after_detection": "{duration} nach der Erkennung",
        "kind_detection": "Erkennung",
        "kind_investigation": "Untersuchung",
        "kind_hypothesis": "Vermutung",
        "kind_misleading_path": "Falsche Fährte",
        "kind_ruled_out": "Ausgeschlossen",
        "kind_escalation": "Eskalation",
        "kind_action": "Maßnahme",
        "kind_rollback": "Rollback",
        "kind_cause": "Ursache",
        "kind_impact_began": "Beginn der Auswirkungen",
        "kind_communication": "Mitteilung",
        "kind_fixed": "Behoben",
        "kind_task": "Aufgabe",
        "kind_improvement": "Verbesserung",
        "kind_note": "Notiz",
        "kind_went_well": "Gut gelaufen",
        "kind_went_badly": "Schlecht gelaufen",
        "kind_got_lucky": "Glück gehabt",
        "kind_declared": "Vorfall eröffnet",
        "kind_status": "Neuer Status",
        "kind_severity": "Neuer Schweregrad",
        "kind_role": "Rolle",
        "kind_impact": "Auswirkungen",
        "kind_acknowledged": "Angenommen",
        "kind_resolved": "Vorfall behoben",
        "kind_reopened": "Vorfall wieder geöffnet",
        "kind_alert_resolved": "Alarm beendet",
        "kind_cancelled": "Vorfall abgebrochen",
        "kind_details": "Angaben geändert",
        "changed_to": "{what}: {was} → {became}",
        "leads": "{who} leitet den Einsatz",
        "impact_times_stated": "Beginn oder Ende der Auswirkungen angegeben",
        "alert": "Alarm {name}",
        "alert_sent_by": "gesendet von {origin}",
        "alert_fired": "ausgelöst {start}, beendet {end}",
        "alert_fires": "ausgelöst {start}, kein Ende gemeldet",
        "alert_times_seen": "{count}-mal ausgelöst",
        "and_more": "und {count} weitere",
        "escalated_to": "Eskalation an {target}",
        "escalated_to_vendor": "Eskalation an den Anbieter {target}",
        "escalation_acknowledged": "Eskalation an {target} angenommen",
        "acknowledged_by": "angenommen von {who} {when}",
        "acknowledged_at": "angenommen {when}",
        "declined_by": "abgelehnt von {who}",
        "nobody_acknowledged": "blieb unbeantwortet",
        "no_answer_recorded": "keine Antwort festgehalten",
        "no_answer_yet": "noch keine Antwort",
        "message_deleted": "Nachricht gelöscht",
        "redacted": "Text entfernt von {who}: {why}",
        "files": "Dateien: {names}",
        "owner": "zuständig: {who}",
        "due": "fällig: {date}",
        "done": "erledigt",
        "symptom": "Symptom: {text}",
        "users_affected": "{percent} der Nutzer",
        "users_are_affected": "{percent} der Nutzer betroffen",
        "concluded": "„{title}“ ({reference}, {severity}) dauerte {duration}, {span}.",
        "concluded_open": "„{title}“ ({reference}, {severity}) begann {when}.",
        "concluded_impact": "Auswirkungen: {text}",
        "concluded_cause": "Ursache: {text}",
        "concluded_resolution": "Behebung: {text}",
        "concluded_followups": "Als Folgearbeiten festgehalten: {what}.",
        "improvement_one": "{count} Verbesserung",
        "improvement_other": "{count} Verbesserungen",
        "task_one": "{count} Aufgabe",
        "task_other": "{count} Aufgaben",
        "missing_impact": "Die Auswirkungen wurden nicht festgehalten.",
        "missing_cause": "Die Ursache wurde nicht festgehalten.",
        "missing_resolution": "Wie der Vorfall behoben wurde, wurde nicht festgehalten.",
        "missing_resolution_open": "Der Vorfall ist noch nicht behoben.",
        "missing_end": "Das Ende der Auswirkungen wurde nicht festgehalten.",
        "missing_actions_taken": "Es wurde keine Maßnahme festgehalten.",
        "missing_misleading_paths": "Es wurde keine falsche Fährte festgehalten.",
        "missing_escalations": "Es wurde keine Eskalation festgehalten.",
        "missing_outcome": "Es wurde keine Behebung festgehalten.",
        "missing_timeline": "Es wurde nichts festgehalten.",
        "missing_improvements": "Es wurde keine Verbesserung festgehalten.",
        "missing_tasks": "Es wurde keine Aufgabe festgehalten.",
        "summary": "Zusammenfassung",
        "contributing_factors": "Mitwirkende Ursachen",
        "trigger": "Auslöser",
        "action_items": "Folgemaßnahmen",
        "action_item": "Maßnahme",
        "action_type": "Art",
        "action_owner": "Zuständig",
        "action_due": "Fällig",
        "type_improvement": "Verbesserung",
        "type_task": "Aufgabe",
        "lessons": "Erkenntnisse",
        "went_well": "Was gut lief",
        "went_badly": "Was schlecht lief",
        "got_lucky": "Wo wir Glück hatten",
        "supporting_information": "Ergänzende Informationen",
        "channel": "Kanal",
        "number": "Nummer",
        "severity": "Schweregrad",
        "status": "Status",
        "services": "Betroffene Dienste",
        "client_impact": "Auswirkung auf Kunden",
        "overview": "Ablauf des Vorfalls",
        "context": "Vorgeschichte",
        "actions_by": "Maßnahmen von {who}",
        "actions_to_take": "Maßnahmen",
        "symptoms": "Symptome",
        "actions": "Maßnahmen",
        "updates": "Öffentliche Mitteilungen",
        "public_investigating": "Wird untersucht",
        "public_identified": "Ursache gefunden",
        "public_monitoring": "Wird beobachtet",
        "public_resolved": "Behoben",
        "public_postmortem": "Post-mortem veröffentlicht",
        "public_update": "Öffentliche Mitteilung: {state}",
        "to_check": "Vor dem Veröffentlichen prüfen",
        "version_below": "Deutsche Fassung weiter unten",
        "incident_begins": "Beginn des Vorfalls.",
        "incident_ends": "Ende des Vorfalls.",
        "path_cost": "kostete {duration}, bis {time}",
        "stated_start": "nennt als Beginn: {time}",
        "stated_end": "nennt als Ende: {time}",
        "but_holds": "{stated} (maßgeblich: {held})",
        "holds_no_more": "{stated} (gilt nicht mehr)",
        "cancelled_because": "Storniert: {reason}",
        "concluded_cancelled": "„{title}“ ({reference}, {severity}) wurde storniert.",
        "missing_impact_cancelled": "Der Vorfall wurde storniert; niemand hat Auswirkungen festgehalten.",
        "missing_cause_cancelled": "Der Vorfall wurde storniert; niemand hat eine Ursache festgehalten.",
        "missing_resolution_cancelled": "Der Vorfall wurde storniert; niemand hat eine Behebung festgehalten.",
        "missing_trigger": "Niemand hat den Auslöser festgehalten.",
        "missing_lessons": "Niemand hat festgehalten, was gut oder schlecht lief oder wo Glück geholfen hat.",
        "missing_action_items": "Niemand hat eine Verbesserung oder Aufgabe festgehalten.",
        "missing_owner": "niemand",
        "colon": ":",
        "semicolon": "; ",
        # What a careful reader would object to
        "finding_end_before_start": "Das Ende der Auswirkungen ist {end} festgehalten, also vor ihrem Beginn {start}.",
        "finding_end_before_start_alert": (
            "Das Ende des Alarms „{name}“ ist {end} festgehalten, also vor seinem Beginn "
            "{start}."
        ),
        "finding_start_time_conflict": (
            "Nach den festgehaltenen Zeiten begannen die Auswirkungen {recorded}, nach anderer Angabe "
            "{stated}."
        ),
        "finding_end_time_conflict": (
            "Nach den festgehaltenen Zeiten endeten die Auswirkungen {recorded}, nach anderer Angabe "
            "{stated}."
        ),
        "finding_duration_conflict": (
            "Ein Text nennt eine Dauer von {stated}; nach den festgehaltenen Zeiten waren es "
            "{recorded}."
        ),
        "finding_out_of_order_answer": (
            "Die Antwort auf die Eskalation an {target} ist {answered} festgehalten, also vor dem Ruf "
            "{paged}."
        ),
        "finding_out_of_order_fix": (
            "Eine Behebung ist {fixed} festgehalten, also vor dem Beginn der Auswirkungen "
            "{start}."
        ),
        "finding_out_of_order_told_late": (
            "Ein Eintrag steht {recorded}, geschah seinem Text nach aber {stated}: "
            "„{text}“"
        ),
        "finding_repeated_entry": "Dasselbe ist {number}-mal festgehalten: „{text}“",
        "finding_long_gap": "Während der Auswirkungen ist nach dem Eintrag {start} für {length} nichts festgehalten.",
        "finding_escalation_not_acknowledged": "Auf die Eskalation an {targets} ist keine Antwort festgehalten.",
        "finding_cause_unsupported": "Kein anderer Eintrag erwähnt die genannte Ursache: „{text}“",
        "finding_public_word_late": (
            "Einem Eintrag nach wurde die Öffentlichkeit {claimed} informiert; die erste festgehaltene "
            "öffentliche Meldung erschien {published}."
        ),
        "finding_language_missing": (
            "Das Postmortem fehlt in Sprachen, in denen die Öffentlichkeit von dem Vorfall weiß: "
            "{languages}."
        ),
        "finding_language_missing_update": (
            "Die letzte öffentliche Meldung fehlt in Sprachen, in denen es frühere gab: "
            "{languages}."
        ),
        "finding_language_missing_impact": (
            "Die Auswirkungen sind nicht in allen Sprachen des Dokuments beschrieben. Es fehlt: "
            "{languages}."
        ),
        "finding_language_missing_cause": (
            "Die Ursache ist nicht in allen Sprachen des Dokuments genannt. Es fehlt: "
            "{languages}."
        ),
        "finding_language_outdated_impact": (
            "Die Auswirkungen wurden {at} neu beschrieben (Sprache: {newest}). Älter: "
            "{languages}."
        ),
        "finding_language_outdated_cause": (
            "Die Ursache wurde {at} neu beschrieben (Sprache: {newest}). Älter: "
            "{languages}."
        ),
        "finding_measure_repeats_task": "Die Verbesserung „{measure}“ besagt dasselbe wie die Aufgabe „{task}“.",
        "finding_task_without_owner_one": "Für {count} Aufgabe ist niemand zuständig.",
        "finding_task_without_owner_other": "Für {count} Aufgaben ist niemand zuständig.",
        "finding_task_without_owner_nor_date_one": (
            "Für {count} Aufgabe ist weder jemand zuständig noch eine Frist "
            "genannt."
        ),
        "finding_task_without_owner_nor_date_other": (
            "Für {count} Aufgaben ist weder jemand zuständig noch eine Frist "
            "genannt."
        ),
        "finding_task_without_date_one": "Für {count} Aufgabe ist jemand zuständig, aber keine Frist genannt.",
        "finding_task_without_date_other": "Für {count} Aufgaben ist jemand zuständig, aber keine Frist genannt.",
        # An export's source marks, and the transcript behind it
        "source": "Quelle",
        "transcript": "Anhang: Nachrichtenverlauf des Kanals",
        "transcript_empty": "Aus dem Kanal ist keine Nachricht gespeichert.",
        "message_edited": "bearbeitet",
        "message_redacted": "Text unkenntlich gemacht",
    }
)
