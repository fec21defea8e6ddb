"""
Words that mean the same in the causes and measures of incidents, in the six languages.

A word belongs to a group by its beginning, without accents. Nothing here understands a text.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.domain.findings.similarity import ALL_STOP_WORDS, stem_word, word_set, words_in
from bot.domain.text.lazy_pattern import LazyPattern
from bot.domain.text.normalize import strip_accents

_CAUSES = {
    "database": "database datenbank donnees dati datos dados bdd? dbs? sql postgres mysql mariadb mongo replica "
    "replikat "
    "replication ind(?:ex|ices|exes) quer(?:y|ies) abfrage consulta schema(?!t) deadlock vacuum transaction",
    "network": "network netz reseau router routing switch bgp pa(?:c)?kets? paket firewall ingress balancer "
    "proxy haproxy "
    "nginx vpn uplink mtu fib(?:er|re|ra) glasfaser cable dns resolver nameserver latenc",
    "certificate": "certific zertifikat certs? tls ssl https handshake letsencrypt x509 expir ablauf abgelauf "
    "expir scadut "
    "caduc vencid",
    "domain": "domain whois registrar registr lapsed renew",
    "disk": "space datentrag device disks? disque disco festplatte speicherplatz filesystem inode storage "
    "stockage raid ssd nvme nfs partition volumes?",
    "memory": "memory memoire memoria arbeitsspeicher oom heap ram leaks? swap",
    "processor": "cpu processor prozessor processeur throttl drossel",
    "deployment": "deploy release rollout rollback rolled upgrade updat patch migrat build versions? deploiement "
    "redeploy aktualisier despliegue desplegar aggiorna actualiz atualiz implanta rilasci ausrollen bereitstell",
    "configuration": "config konfig misconfig fehlkonfig ya?ml toml json flags? settings? parameter variable "
    "typo values? "
    "keys? hostname manifest tippfehler einstellung terraform ansible helm chart",
    "provider": "provider vendor hoster hosting hebergeur supplier cloud aws azure gcp cloudflare fastly "
    "upstream carrier "
    "isp fournisseur anbieter dienstleister fornitor proveedor fornecedor third-party drittanbieter partner partenaire",
    "power": "power strom electri elettri ups generator cooling klima kuhl climatis temperatur batter usv "
    "energi courant "
    "overheat",
    "traffic": "overload surge spikes? ddos attack angriff attaque ataque "
    "attacco cyberang crawler "
    "flood bots? capacit kapazit autoscal scaling uberlast auslast sobrecarg sovraccaric surcharge satur rate-limit",
    "access": "auth login logins sso oauth token session password credential secrets? permission identit anmeld",
    "queue": "queue kafka rabbit worker consumer backlog jobs? cron scheduler warteschlange",
    "cache": "cache redis memcache varnish cdn",
    "code": "bugs? code exception null nil regex regul loop librar dependenc logic",
    "hardware": "hardware motherboard mainboard controller materiel",
    "people": "human mistake manual accident operator deleted geloscht supprime",
    "attack": "malware virus antivirus scanner ransomware phishing intrus stolen",
    "clock": "clock ntp timezone leap daylight summer-?time sommerzeit winterzeit zeitumstell",
    "cluster": "kubernetes k8s pods? container docker cluster nodes?",
}
"""Groups of causes, each a list of the beginnings of its words."""
_MEASURES = {
    "alert": "alert alarm monitor notif warn uberwach surveill allarm supervis vigil",
    "test": "test check verif validat pruf prueba prova ensayo compar(?!ab) vergleich(?!bar) confront",
    "training": "train schul formation formazione formacion formacao treinamento capacit teach workshop",
    "document": "document dokument guid runbook playbook handbook wiki leitfad procedur anleitung richtlin",
    "review": "review audit inspect assess revis",
    "missing": "missing absent lack fehlend manquant mancant faltant ausente",
    "backup": "backup dump sauvegard sicherung snapshot",
    "database": "database datenbank db postgres mysql",
    "certificate": "certific zertifikat certs? tls ssl",
    "failure": "fail(?!over) fault error fehl echec errore fallo falha",
    "configuration": "config konfig misconfig",
    "expiry": "expir ablauf ablaufend abgelauf scad caduc venc",
    "automation": "automat",
    "detection": "spot identif detect recogni erkenn rilev",
    "similarity": "similar comparable ahnlich vergleichbar simil parecid semelhant comparab",
    "speed": "sooner faster earlier quick schneller fruher rapid tot",
    "change": "changes? upgrad anderung modif cambi mudanc",
    "usage": "usage used utilis nutzung auslast exhaust full utilizz uso",
    "renewal": "renew rotat erneuer renouvel rinnov renova",
    "increase": "increas rais enlarg expand extend augment agrand erhoh vergrosser aument amplia ingrandi",
    "decrease": "reduc decreas shorten verkurz raccourc accorc acort encurt lower(?!case) verringer senk reduzier "
    "diminu ridu dismin reduzi",
    "removal": "remov delet elimin supprim entfern losch rimuov",
    "growth": "grow wachs croiss cresc crec",
    "limit": "limit caps? begrenz plafonn throttl drossel",
    "rollback": "roll(?!out|en|e) retour arrier ruckroll zuruckroll",
    "restore": "restor restaur wiederherstell ripristin",
    "telling": "tell inform preven benachrichtig",
    "publication": "publish posts? veroffentlich publi[ce]",
    "rehearsal": "rehears practi[cs] drills? ubung",
    "weekly": "week woch hebdo semain settiman seman",
    "monthly": "month mois monat mensu mens[ia]l mesi? mese",
    "quarterly": "quarter quartal trimest",
}
DEEDS = word_set(
    "=alert =test =training =document =review =backup =automation =renewal =increase =decrease =removal =limit "
    "=rollback =restore =telling =publication =rehearsal"
)
"""Terms of what is done: measures with other ones are others, whatever they are about."""
COARSE = frozenset({"deployment", "people"})
"""Groups of words that many entries use of other things: "push updates"."""
LIGHT_WORDS = word_set(
    "add adding run running execute nearly almost when update updating system systems implement "
    "implementing create creating introduce set setup "
    "write build make establish put install "
    "have get start ensure do perform keep maintain need better more regular regularly new proper dedicated own "
    "before after against go goes going live above nearly within "
    "avant apres contre chaque doivent etre vor nach jede jeder jedes muss mussen sollen prima dopo ogni prima antes "
    "despues cada deben debe depois devem deve "
    "size number amount step steps stage phase taille nombre grosse anzahl tamano numero dimensione rediger "
    "also all every each provide improve improved use hold conduct carry define relevant up out must will "
    "ajouter mettre place creer faire ecrire implementer prevoir organiser tous toutes regulier reguliers "
    "hinzufugen einrichten erstellen schreiben einfuhren machen anlegen aufsetzen alle regelmassig regelmassige neue "
    "aggiungere creare scrivere introdurre impostare fare tutti regolari anadir agregar crear escribir implementar "
    "hacer todos regulares adicionar criar escrever fazer"
)
"""Words of measures that say nothing of their subject."""
REVERSING_WORDS = frozenset(
    stem_word(word)
    for word in word_set(
        "disable stop less without not no never desactiver sans pas abschalten ohne nicht kein keine disattivare "
        "senza non desactivar sin no remover desativar sem nao"
    )
) | {"=decrease", "=removal", "=weekly", "=monthly", "=quarterly"}
"""Terms that make another measure: those that turn it round, and how often."""
GENERIC_WORDS = (
    r"server|servic|system|machine|maschin|user|nutzer|benutzer|utilisateur|customer|client|kunde|cliente|error|erreur|"
    r"fehler|problem|issue|fail|incident|vorfall|request|time|appli|platform|plattform|plateforme|produc|produk|page|"
    r"team|intern|techni|slow|down|work|data$|component|caus|unplan|result|affect|impact|outage|ausfall|panne|wrong|"
    r"made|make|because|lead|start|stop|went|long|during|after|while|again|says|said|could|when|their|other|every|"
    r"first|traffi|trafic|trafego|"
    r"look|found|find|seem|seen|keep|kept|call|open|close|chang|cannot|still|back|full|high|many|much|some|only|same|"
    r"until|since|before|minute|minuten|hour|stunde|heure|today|yesterday|morning|night|number|value|people|engineer|"
    r"oncall|normal|each|more|less|than|were|been|have|very|without|within|into|from|about|over|under|region|whole"
)
_GENERIC = LazyPattern(rf"(?:{GENERIC_WORDS})")


def _pattern(groups: Mapping[str, str]) -> LazyPattern:
    parts = (f"(?P<{name}>{'|'.join(_ending(each) for each in words.split())})" for name, words in groups.items())
    return LazyPattern("|".join(parts))


def _ending(beginning: str) -> str:
    """Short beginnings, and those with a plural, are whole words."""
    is_whole = beginning.endswith("?") or len(beginning) <= 3
    return rf"(?:{beginning})(?:s|es)?\Z" if is_whole else beginning


_PATTERNS = MappingProxyType({"cause": _pattern(_CAUSES), "measure": _pattern(_MEASURES)})


@lru_cache(maxsize=16_384)
def _group(word: str, groups: str) -> str | None:
    match = _PATTERNS[groups].match(strip_accents(word))
    return match.lastgroup if match else None


def cause_groups(text: str) -> frozenset[str]:
    """The groups of causes that the words of a text belong to."""
    return frozenset(group for word in words_in(text) if (group := _group(word, "cause")) is not None)


def cause_stems(text: str) -> frozenset[str]:
    """The stems of the words that tell a cause: neither generic nor of a coarse group."""
    return frozenset(cause_terms(text))


def cause_terms(text: str) -> dict[str, str]:
    """The words that tell a cause, in order: each stem with the first word that has it."""
    found: dict[str, str] = {}
    for word in words_in(text):
        if word not in ALL_STOP_WORDS and (stem := _cause_stem(word)):
            found.setdefault(stem, word)
    return found


@lru_cache(maxsize=16_384)
def _cause_stem(word: str) -> str:
    group = _group(word, "cause")
    is_word = len(word) >= 4 and not word.isdecimal() and not _GENERIC.match(strip_accents(word))
    return stem_word(word) if group not in COARSE and (group or is_word) else ""


def measure_terms(text: str) -> frozenset[str]:
    """The groups and stems of a measure, without the words of doing it."""
    words = [word for word in words_in(text) if word not in ALL_STOP_WORDS]
    return frozenset(_measure_term(word) for word in words if strip_accents(word) not in LIGHT_WORDS)


def _measure_term(word: str) -> str:
    group = _group(word, "measure")
    return f"={group}" if group is not None else stem_word(word)
