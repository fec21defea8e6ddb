"""
Words around durations in the six languages, as parts of patterns.

The patterns are for text without accents. They say what a duration is of: an outage, a repair, a part of it.
"""

OUTAGE = (
    r"(?:(?:outage|incident|disruption|downtime|interruption|impact|unavailability|"
    r"degradation|breakdown|problem|issue|"
    r"failure|blackout|it|this|which|all of this|panne|coupure|indisponibilite|perturbation|incidente?|l'incident|"
    r"degradation|probleme|cela|ce qui|interruzione|disservizio|guasto|problema|"
    r"indisponibilita|interrupcion|corte|"
    r"caida|incidencia|fallo|averia|indisponibilidad|interrupcao|queda|falha|"
    r"indisponibilidade|pane|(?:total|teil)?ausfall|storung|"
    r"unterbrechung|vorfall|zwischenfall|beeintrachtigung|einschrankung|auswirkungen?|"
    r"ausfallzeit|stillstand)s?e?n?)"
)
INCIDENT = (
    r"(?:outage|incident|disruption|downtime|interruption|unavailability|degradation|panne|coupure|indisponibilite|"
    r"perturbation|interruzione|disservizio|guasto|incidente|interrupcion|corte|caida|incidencia|interrupcao|queda|"
    r"falha|(?:total|teil)?ausfall|storung|unterbrechung|vorfall)s?"
)
LASTED = (
    r"(?:lasted|lasting|has lasted|went on for|persisted for|continued for|a dure|ont dure|durant|dure|"
    r"e durat[oa]|durato|durata|duro|dura|ha durado|ha durato|durou|dauerte|dauerten|hielt|"
    r"fue de|foi de|a ete de|e stata di)(?: for| de| di)?"
)
JUST_OVER = (
    r"(?:(?:(?:just )?a (?:little|bit)|just|slightly|somewhat) (?:over|more than)|un peu plus d[e']|"
    r"(?:etwas|wenig) (?:mehr als|uber)|(?:un )?poco piu di|(?:algo|un poco|poco) mas de|"
    r"(?:um )?pouco mais (?:de|que))"
)
"""Words for a length that was a little longer."""
ABOUT = (
    rf"(?:{JUST_OVER}|(?:a (?:little|bit)|slightly|somewhat) (?:under|less than|short of)|un peu moins d[e']|"
    r"etwas (?:weniger als|unter)|poco meno di|(?:algo|un poco|poco) menos de|(?:um )?pouco menos (?:de|que)|"
    r"better part of|about|around|approximately|approx\.?|roughly|nearly|almost|close to|"
    r"just under|some|circa|ca\.?|"
    r"environ|presque|pres de|quasi|verso|hacia|alrededor de|casi|unos|unas|aproximadamente|cerca de|quase|"
    r"por volta de|cerca di|etwa|ungefahr|rund|knapp|fast|gut|~|≈)"
)
LOWER = (
    r"(?:more than|(?:well )?over|at least|longer than|plus d[e'u]|plus de|au moins|piu di|oltre|almeno|mas de|"
    r"al menos|mais de|pelo menos|ao menos|mehr als|uber|mindestens)"
)
UPPER = (
    r"(?:less than|under|at most|(?:no|not) (?:more|longer) than|not even|moins d[e']|au plus|meno di|al massimo|"
    r"menos de|como maximo|no maximo|weniger als|unter|hochstens|nicht einmal)"
)
LOOSELY = (
    r"(?P<article>une|un'?|una|uma|eine[rn]?|a)\s(?:petite|bonne|grosse|gute[rn]?|knappe[rn]?|good|buona|buena|boa)\s"
)
"""Articles of lengths that are rough: "une bonne heure"."""
FEW = (
    r"(?:a few|several|a couple of|quelques|plusieurs|einige[nr]?|ein(?:en)? paar|mehrere[nr]?|alcun[ie]|poch[ie]|"
    r"un paio di|un[oa]s? poc[oa]s|un[oa]s cuant[oa]s|algun[oa]s|vari[oa]s|alguns|algumas|"
    r"uns poucos|umas poucas|poucos|poucas)"
)
"""Words for a number that nobody counted."""
NOT = (
    r"(?:not|never|rather than|instead of|pas|jamais|plutot que|au lieu de|nicht|nie|statt|anstatt|non|mai|"
    r"invece di|anziche|no|nunca|en (?:vez|lugar) de|nao|em vez de|ao inves de)"
)
"""Words that take a length back."""
WITHIN = r"(?:within|innerhalb(?: von)?|binnen|entro)"
"""Words that make a length the longest that it can have been."""
RECOVERED = (
    r"(?:(?<!rolled )(?<!rolling )(?<!roll )back(?: to normal| up| online)?|"
    r"restored|resolved|recovered|fixed|over|working again|available again|"
    r"normal again|came back|up again|retabli\w*|revenue?s?|resolue?s?|corrigee?s?|ripristinat\w*|risolt\w*|"
    r"tornat\w*|restablec\w*|resuelt\w*|recuper\w*|solucionad\w*|volvio|volvieron|restabelecid\w*|resolvid\w*|"
    r"normalizad\w*|voltou|voltaram|(?<!ne )fonctionnai\w+|(?<!non )funzionav\w+|(?<!no )funcionab\w+|"
    r"(?<!nao )funcionav\w+|wieder|behoben|wiederhergestellt|vorbei)"
)
TOOK = (
    r"(?:it took|took|il (?:nous )?a fallu|ci (?:sono volut[ei]|e volut[ao])|(?:se )?tard(?:amos|o|aron)|levou|levamos|"
    r"demor(?:o|ou|amos)|es dauerte|(?:wir )?brauchten)"
)
REPAIR = (
    r"(?:fix|resolve|recover|restore|repair|solve|retablir|resoudre|reparer|corriger|ripristinare|risolvere|riparare|"
    r"restablecer|resolver|reparar|solucionar|corregir|restabelecer|corrigir|beheben|behoben|wieder\w*)"
)
LATER = r"(?:later|spater|plus tard|piu tardi|mas tarde|despues|mais tarde|depois)"
LACKING = (
    r"(?:without (?:power|electricity|internet|service|access|connection|sound|signal|phones?|water|heating|network)|"
    r"ohne (?:strom|internet|zugriff|zugang|ton|bild|verbindung|netz|telefon|wasser|heizung|empfang|daten)|"
    r"(?:sans|prive[es]{0,2} d[e']) ?(?:electricite|courant|internet|acces|service|reseau|connexion|son|telephone)|"
    r"senza (?:corrente|elettricita|internet|accesso|servizio|rete|connessione|audio|telefono|acqua|dati)|"
    r"sin (?:luz|electricidad|internet|acceso|servicio|red|conexion|sonido|telefono|agua|datos|senal|cobertura)|"
    r"sem (?:luz|energia|internet|acesso|servico|rede|conexao|som|telefone|agua|sinal|dados))"
)
FAILURE = (
    r"(?:down|unavailable|interrupted|interromp\w*|interrott\w*|interrump\w*|unterbrochen|degraded|impaired|fermo|"
    r"unreachable|offline|out of service|fail(?:ed|ing|s)?|could not|couldn't|cannot|unable|"
    r"(?:not|n't) (?:available|reachable|accessible|usable|work(?:ing)?)|inaccessible|stopped working|"
    r"no (?:payments?|logins?|orders?|access|service)|broken|blocked|hors service|indisponibles?|"
    r"inaccessibles?|en panne|n'ont pas pu|impossibles?|fuori servizio|"
    r"non (?:era |erano |e stat[oa] |sono stat[ei] )?(?:disponibil|raggiungibil|accessibil|utilizzabil)\w*|"
    r"(?:ir|in)(?:raggiungibil|accessibil|utilizzabil)\w*|bloccat\w*|"
    r"non (?:hanno|e stato|sono stat\w) po\w+|caid[oa]s?|fuera de servicio|no disponibles?|inaccesibles?|"
    r"no est(?:a|an|aba|aban|uvo|uvieron) (?:disponibles?|accesibles?|operativ[oa]s?)|echou\w+|en echec|"
    r"fehl|fehlgeschlagen|fehlschl\w+|"
    r"refused|rejected|declined|refuse[es]{1,2}|rejete[es]{1,2}|abgelehnt|abgewiesen|rifiutat\w+|"
    r"rechazad\w+|recusad\w+|"
    r"no pudieron|no funcion\w+|fora do ar|indisponive(?:l|is)|inacessive(?:l|is)|"
    r"nao (?:conseguiram|puderam|funcion\w+)|nao est(?:ava|avam|eve|iveram) (?:disponive(?:l|is)|acessive(?:l|is))|"
    rf"{LACKING}|slow(?:ly|er)?|langsam\w*|lent[aeios]{{0,2}}|lenteurs?|lentidao|lentitud|"
    r"fallisc\w+|falla\w*|falha\w*|(?:nobody|no one) (?:could|was able)|personne n'a pu|"
    r"personne ne pouvait|nessuno (?:ha potuto|poteva)|nadie (?:pudo|podia)|ninguem (?:conseguiu|podia)|"
    r"nothing (?:worked|went)|nichts (?:ging|lief)|(?:ging|lief) nichts|rien ne (?:fonctionn|march)\w+|"
    r"(?:niente|nulla) funziona\w*|nada funciona\w*|"
    r"errors?|erreurs?|fehler|error[ie]s?|erros?|missing|gone|weg|fehlten?|gefehlt|"
    r"ausgefallen|gestort|nicht (?:erreichbar|verfugbar|moglich|nutzbar|zuganglich)|unerreichbar|"
    r"un(?:moglich|zuganglich)|blockiert|konnten?|fiel(?:en)?)"
)
NO_FAILURE = (
    r"(?:no|without|zero|keine?n?|ohne|aucune?|plus d[e']|sans|nessun[ao]?|senza|ningun|sin|nenhum|sem)\s?"
    r"(?:\w+\s){0,2}?(?:errors?|erreurs?|fehler\w*|errori|error(?:es)?|erros?|erro)"
)
"""Words that say that nothing fails."""
PART = (
    r"then|afterwards?|later|first|initially|at times|some|part(?:ly|ial|ially|s)?|"
    r"intermittent(?:ly)?|sporadic(?:ally)?|"
    r"each|every|several|various|individual|single|average|longest|shortest|remaining|rest|second|another|other|"
    r"most|half of|one of|a few|few|per|up to|\d+(?:[.,]\d+)?\s?%|phases?|puis|"
    r"ensuite|d'abord|certaine?s?|quelques|"
    r"partie|partiel\w*|chaque|chacune?|plusieurs|moyenne|premi(?:er|ere|eres|ers)|reste|autres?|intermitten\w*|"
    r"jusqu'a|dann|danach|anschliessend|zuerst|zunachst|anfangs|einige\w*|manche\w*|teil\w*|jede\w*|mehrere\w*|"
    r"durchschnitt\w*|einzeln\w*|erste\w*|rest(?:lich\w*|en)?|zeitweise|andere\w*|vereinzelt\w*|sporadisch|bis zu|"
    r"poi|prima|"
    r"alcun\w*|parte|parzial\w*|ogni|ciascun\w*|divers[ie]|prim[aio]|resto|altr\w*|a tratti|fino a|luego|despues|"
    r"primer\w*|algun\w*|parcial\w*|cada|vari[oa]s|otr[oa]s?|hasta|depois|primeir\w*|outr[oa]s?|ate"
)
WORK = (
    r"roll(?:ed|ing)?[ -]?backs?|rollout|deploy\w*|releases?|restart\w*|reboots?|"
    r"failovers?|switchovers?|backups?|restores?|"
    r"migrations?|maintenance|call|peaks?|spikes?|investigation|diagnosis|analysis|"
    r"query|queries|job|script|rebuild\w*|"
    r"reindex\w*|propagation|window|redemarrage|deploiement|retour arriere|sauvegarde|"
    r"restauration|bascule|analyse|"
    r"neustart|bereitstellung|ruckrollen|wiederherstellung|umschaltung|sicherung|"
    r"wartung|suche nach|riavvio|rilascio|"
    r"ripristino del|manutenzione|reinicio|despliegue|mantenimiento|"
    r"copia de seguridad|reinicializacao|implantacao|"
    r"manutencao|backup"
)
NO_WHOLE = (
    r"previous|earlier|former|precedent\w*|vorherig\w*|fruhere\w*|anterior\w*|passat\w*|pasad\w*|passad\w*|"
    r"delay(?:ed|s)?|late|behind|lag(?:ged)?|wait(?:s|ed|ing)?|retr(?:y|ies)|"
    r"timeouts?|ttl|cooldown|expire[sd]?|valid|"
    r"keep|monitor\w*|watch\w*|observ\w*|beobacht\w*|surveill\w*|old|ago|last|next|"
    r"within the next|every|interval|retention|retards?|"
    r"prochaine?s?|dernieres?|verzoger\w*|verspat\w*|warten|nachsten|letzten|vor \d+|"
    r"ritard\w*|prossim\w*|ultim[aeio]|"
    r"retras\w*|proxim[oa]s?|hace|atras\w*|ha \d+"
)
NUMBERS = {
    word: number
    for number, words in {
        6: "six sei seis sechs",
        7: "seven sept sette siete sete sieben",
        8: "eight huit otto ocho oito acht",
        9: "nine neuf nove nueve neun",
        11: "eleven onze undici once elf",
        12: "twelve douze dodici doce doze zwolf",
        13: "thirteen treize tredici trece treze dreizehn",
        14: "fourteen quatorze quattordici catorce catorze vierzehn",
        15: "fifteen quinze quindici quince funfzehn",
        20: "twenty vingt venti veinte vinte zwanzig",
        25: "twenty-five vingt-cinq venticinque veinticinco funfundzwanzig",
        30: "thirty trente trenta treinta trinta dreißig dreissig",
        35: "thirty-five trente-cinq trentacinque funfunddreissig",
        40: "forty quarante quaranta cuarenta quarenta vierzig",
        45: "forty-five quarante-cinq quarantacinque funfundvierzig",
        50: "fifty cinquante cinquanta cincuenta cinquenta funfzig",
        55: "fifty-five cinquante-cinq cinquantacinque funfundfunfzig",
        60: "sixty soixante sessanta sesenta sessenta sechzig",
        90: "ninety quatre-vingt-dix novanta noventa neunzig",
    }.items()
    for word in words.split()
}
"""Numbers that are figures where a unit follows."""
