//! What people write in German.

use super::{Topic, Words};

/// Everything that is said in German.
pub(super) const WORDS: Words = Words {
    tag: "de",
    topics: TOPICS,
    first_names: &[
        "Greta", "Henrik", "Leonie", "Matthias", "Svenja", "Thorben", "Annika", "Frieder", "Merle", "Ole", "Wiebke", "Jasper", "Carla",
        "Emil", "Rieke", "Tammo", "Ida", "Konrad",
    ],
    last_names: &[
        "Dierksen",
        "Harmening",
        "Kühnel",
        "Lührs",
        "Mönkemeier",
        "Petershagen",
        "Rohwedder",
        "Steenblock",
        "Tewes",
        "Vierkötter",
        "Wübben",
        "Ahrendt",
        "Brüggemann",
        "Clasen",
        "Dorendorf",
        "Eggers",
        "Fehling",
    ],
    products: &[
        "die Regenjacke Skagen",
        "der Rucksack Fjord 45",
        "die Wanderstiefel Harz Mid",
        "der Schlafsack Polarnacht",
        "das Zelt Hiddensee 2",
        "die Stirnlampe Leuchtfeuer",
        "die Fleecejacke Sylt",
        "die Trekkinghose Rhön",
    ],
    thanks: &["Danke, das hat geholfen!", "Super, vielen Dank.", "Perfekt, danke für die schnelle Antwort 👍", "Alles klar, danke dir!"],
    absence: "Vielen Dank für Ihre Nachricht. Ich bin bis zum Ende der Woche nicht im Büro und lese keine E-Mails.",
};

const TOPICS: &[Topic] = &[
    Topic {
        subject: "Wo ist meine Bestellung {order}?",
        openings: [
            "Hallo, meine Bestellung {order} sollte gestern ankommen. In der Sendungsverfolgung steht seit drei Tagen nichts Neues. Können Sie nachsehen?",
            "Guten Tag, wann kommt {order}? Wir fahren am Samstag los und brauchen das Paket vorher.",
        ],
        more: "Nachtrag: Der Nachbar hat auch nichts angenommen.",
        replies: [
            "Moin {name}, das Paket liegt im Verteilzentrum in Hamburg und geht heute in die Zustellung. Ich behalte es im Auge. Viele Grüße, {agent}",
            "Hallo {name}, der Fahrer hat Sie gestern nicht angetroffen. Heute zwischen 14 und 17 Uhr wird noch einmal zugestellt.",
        ],
        follow: "Es ist gerade angekommen, danke!",
        close: "Wunderbar, dann eine gute Reise! Bei Fragen einfach hier antworten.",
        note: "Paketdienst angerufen, Sendung war falsch sortiert. Neues Zustellfenster heute Nachmittag.",
        skill: 0,
        tag: 0,
    },
    Topic {
        subject: "Rücksendung zu {order}",
        openings: [
            "Hallo, ich möchte {product} aus der Bestellung {order} zurückschicken. Wie bekomme ich das Etikett?",
            "Guten Tag, zwei der drei Teile aus {order} passen leider nicht. Kann ich nur diese zurücksenden?",
        ],
        more: "Die Verpackung ist noch da, nur das Schild ist ab.",
        replies: [
            "Hallo {name}, kein Problem. Ich habe Ihnen das Etikett angehängt, das Paket nimmt jede Filiale an. Viele Grüße, {agent}",
            "Gern, {name}. Sie können auch einzelne Teile zurücksenden, die Erstattung kommt nach drei Werktagen.",
        ],
        follow: "Ist unterwegs. Wann wird erstattet?",
        close: "Der Betrag ist heute angewiesen worden und sollte bis übermorgen da sein.",
        note: "Rücksendung ausnahmsweise ohne Etikett am Produkt annehmen, Stammkundin.",
        skill: 1,
        tag: 1,
    },
    Topic {
        subject: "Welche Größe bei {product}?",
        openings: [
            "Moin! Ich bin 1,78 m groß und wiege 74 kg. Welche Größe brauche ich? Es geht um {product}.",
            "Hallo, fällt {product} eher groß oder klein aus? Ich trage sonst M.",
        ],
        more: "Ich trage meistens noch einen Pullover darunter.",
        replies: [
            "Hallo {name}, bei Ihren Maßen passt L am besten, da ist darunter noch Platz. Viele Grüße, {agent}",
            "Hi {name}, das Modell fällt normal aus. Mit M liegen Sie richtig, der Umtausch ist aber kostenlos.",
        ],
        follow: "Dann nehme ich L. Gibt es die auch in Blau?",
        close: "Ja, in Fjordblau sind noch vier Stück da.",
        note: "Größentabelle auf der Seite ist veraltet, bitte an den Einkauf geben.",
        skill: 2,
        tag: 2,
    },
    Topic {
        subject: "Rechnung zu {order}",
        openings: [
            "Guten Tag, ich brauche für {order} eine Rechnung auf die Firma. Geht das nachträglich?",
            "Hallo, auf der Rechnung zu {order} fehlt die Umsatzsteuer-Identnummer.",
        ],
        more: "Die Buchhaltung braucht sie bis Ende des Monats.",
        replies: [
            "Hallo {name}, ich habe die Rechnung geändert und angehängt. Viele Grüße, {agent}",
            "Guten Tag {name}, schicken Sie mir bitte die genaue Firmierung, dann stelle ich die Rechnung heute neu aus.",
        ],
        follow: "Genau so, vielen Dank.",
        close: "Gern! Die alte Rechnung ist damit storniert.",
        note: "Storno und Neurechnung gebucht, Beleg liegt in der Buchhaltung.",
        skill: 3,
        tag: 3,
    },
    Topic {
        subject: "Beschädigt angekommen: {order}",
        openings: [
            "Das ist ärgerlich: {product} kam mit einem Riss an. Bestellung {order}. Foto ist dabei.",
            "Der Karton von {order} war offen und {product} hat Kratzer. So möchte ich das nicht behalten.",
        ],
        more: "Ich hätte gern bis morgen eine Antwort, wir brauchen es am Wochenende.",
        replies: [
            "Das tut mir leid, {name}. Ersatz geht heute noch raus, die Rücksendung holt der Paketdienst bei Ihnen ab. Viele Grüße, {agent}",
            "Oje, so soll es nicht ankommen. Möchten Sie lieber Ersatz oder 20 % Nachlass?",
        ],
        follow: "Bitte Ersatz. Aber dann bitte besser verpackt.",
        close: "Ersatz ist verschickt, diesmal in doppeltem Karton. Entschuldigung noch einmal!",
        note: "Dritter Schaden mit diesem Karton in dieser Woche. Lager weiß Bescheid.",
        skill: 1,
        tag: 4,
    },
    Topic {
        subject: "Ein Lob",
        openings: [
            "Ich wollte nur sagen: {product} hat zwei Wochen Lofoten ohne einen Tropfen überstanden. Großartig!",
            "Euer Kundenservice ist der beste, den ich kenne. Danke noch einmal für die Hilfe mit {order}!",
        ],
        more: "Das Foto könnt ihr gern verwenden.",
        replies: [
            "Wie schön, {name}! Das reiche ich ans ganze Team weiter. Viele Grüße, {agent}",
            "Danke, {name}, solche Nachrichten lesen wir am liebsten!",
        ],
        follow: "Bis zur nächsten Tour!",
        close: "Gute Wege, und schicken Sie gern ein Foto.",
        note: "Foto für die Wand im Pausenraum!",
        skill: 2,
        tag: 5,
    },
    Topic {
        subject: "Wann ist {product} wieder da?",
        openings: [
            "Hallo, {product} ist ausverkauft. Kommt noch einmal Ware?",
            "Guten Tag, kann ich {product} vorbestellen oder in der Filiale in Kiel abholen?",
        ],
        more: "Die Farbe ist mir egal.",
        replies: [
            "Hallo {name}, die nächste Lieferung kommt in zwei Wochen. Soll ich Ihnen eine zurücklegen? Viele Grüße, {agent}",
            "In Kiel liegen noch zwei, {name}. Ich reserviere gern eine bis Samstag.",
        ],
        follow: "Ja, bitte zurücklegen!",
        close: "Ist reserviert, Sie bekommen eine Nachricht, sobald sie da ist.",
        note: "Nachschub laut Einkauf in KW 49.",
        skill: 2,
        tag: 2,
    },
    Topic {
        subject: "Lieferadresse von {order} ändern",
        openings: [
            "Hilfe, ich habe bei {order} die alte Adresse angegeben! Lässt sich das noch ändern?",
            "Kann {order} bitte an eine Packstation gehen? Wir sind nicht zu Hause.",
        ],
        more: "Die neue Adresse steht im Kundenkonto.",
        replies: [
            "Hallo {name}, gerade noch rechtzeitig: Die Adresse ist geändert, das Paket geht heute Abend raus. Viele Grüße, {agent}",
            "Das Paket ist schon unterwegs, {name}, ich leite es für Sie um. Das dauert einen Tag länger.",
        ],
        follow: "Puh, danke!",
        close: "Gern geschehen. Die Sendungsnummer kommt per E-Mail.",
        note: "Umleitung beauftragt, kostet uns 4,90 €, bitte kulant behandeln.",
        skill: 0,
        tag: 0,
    },
    Topic {
        subject: "Garantie: {product}",
        openings: [
            "Nach einem Jahr löst sich bei meinem Artikel die Naht. Es geht um {product}, gekauft mit {order}. Ist das ein Garantiefall?",
            "Der Reißverschluss klemmt seit dem zweiten Ausflug. Repariert ihr das ({product})?",
        ],
        more: "Den Kassenbon habe ich noch.",
        replies: [
            "Hallo {name}, das reparieren wir kostenlos. Schicken Sie es bitte an unsere Werkstatt, das Etikett hängt an. Viele Grüße, {agent}",
            "Ja, {name}, das ist ein Garantiefall. Die Werkstatt braucht etwa zehn Tage.",
        ],
        follow: "Ich habe es gestern eingeschickt.",
        close: "Ist angekommen und repariert, morgen geht es an Sie zurück.",
        note: "Werkstatt: Charge mit schwachem Faden, bitte großzügig sein.",
        skill: 1,
        tag: 4,
    },
    Topic {
        subject: "Gutschein funktioniert nicht",
        openings: [
            "Der Gutschein aus dem Newsletter wird an der Kasse nicht angenommen. Was mache ich falsch?",
            "Ich habe {order} bezahlt und der Gutschein wurde nicht abgezogen.",
        ],
        more: "Gilt er vielleicht nicht für reduzierte Ware?",
        replies: [
            "Hallo {name}, der Gutschein gilt ab 50 €. Ich habe ihn für Sie freigeschaltet, bitte noch einmal versuchen. Viele Grüße, {agent}",
            "Das war unser Fehler, {name}: Die 15 € erstatte ich Ihnen auf das Konto, mit dem Sie bezahlt haben.",
        ],
        follow: "Jetzt hat es geklappt.",
        close: "Prima! Viel Freude mit der Bestellung.",
        note: "Gutscheinaktion NORD15 war bis Mittag falsch eingestellt.",
        skill: 3,
        tag: 3,
    },
];
