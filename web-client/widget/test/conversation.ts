// One message of every kind, for looking at and for the browser test.

import type { Content } from "../src/protocol";
import { AGENT, BOT, type MockServer } from "./mock-server";

/** A picture of one colour is enough to see where pictures go. */
export const PICTURE = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400"><rect width="640" height="400" fill="#7fb4c4"/><circle cx="200" cy="270" r="80" fill="none" stroke="#123" stroke-width="14"/><circle cx="440" cy="270" r="80" fill="none" stroke="#123" stroke-width="14"/><path d="M200 270l80-130h110l50 130-110 0z" fill="none" stroke="#c33" stroke-width="12"/></svg>`,
);

const slots = (...hours: number[]) =>
  hours.map((hour, i) => ({ id: `s${i}`, start: new Date(Date.UTC(2026, 10, 24 + Math.floor(i / 3), hour)).toISOString(), duration_min: 30 }));

const CARD = {
  type: "AdaptiveCard",
  version: "1.5",
  body: [
    {
      type: "ColumnSet",
      columns: [
        { width: "stretch", items: [{ type: "TextBlock", text: "Rückgabe", weight: "Bolder", size: "Large" }, { type: "TextBlock", text: "Auftrag **4711**", isSubtle: true }] },
        { width: "auto", items: [{ type: "TextBlock", text: "offen", weight: "Bolder" }] },
      ],
    },
    { type: "FactSet", facts: [{ title: "Artikel", value: "Lenkerband Kork" }, { title: "Preis", value: "24,90 €" }] },
    { type: "Input.ChoiceSet", id: "why", label: "Grund", isRequired: true, choices: [{ title: "Falsche Farbe", value: "colour" }, { title: "Beschädigt", value: "broken" }] },
    { type: "Input.Toggle", id: "keep", title: "Ich behalte die Verpackung" },
  ],
  actions: [
    { type: "Action.Submit", title: "Zurückgeben", style: "positive", data: { order: "4711" } },
    { type: "Action.OpenUrl", title: "Bedingungen", url: "https://shop.example/terms" },
  ],
};

export function everyKind(server: MockServer): void {
  const picture = server.store("fahrrad.svg", "image/svg+xml", PICTURE);
  const say = (content: Content, more = {}) => server.say(content, { text: "fallback", ...more });
  say({ kind: "TEXT", text: "Guten Tag! Ich bin der Assistent von Nordlicht Rad." }, { author: BOT });
  const question = say({ kind: "QUICK_REPLIES", text: "Worum geht es?", replies: [{ id: "a", title: "Bestellung" }, { id: "b", title: "Werkstatt" }, { id: "c", title: "Etwas anderes" }] }, { author: BOT, text: "Worum geht es?" });
  server.say({ kind: "SELECTION", question: question.id, items: [{ id: "b", title: "Werkstatt" }] }, { direction: "in", author: { name: null, kind: "VISITOR" }, text: "Werkstatt", state: "READ", quoted: { id: question.id, author: BOT, text: "Worum geht es?" } });
  server.say({ kind: "TEXT", text: "Meine Schaltung springt bei jedem dritten Tritt. Können Sie sich das diese Woche noch ansehen?" }, { direction: "in", author: { name: null, kind: "VISITOR" }, state: "READ", edited: new Date().toISOString() });
  say({ kind: "FORMATTED", markup: "MARKDOWN", source: "Gern! **Bitte mitbringen:**\n\n- das Rad\n- die `Rahmennummer`\n\nMehr unter [Werkstatt](https://shop.example/werkstatt)." }, { reactions: [{ emoji: "👍", count: 1, is_mine: true }] });
  say({ kind: "FORMATTED", markup: "HTML", source: "<p>Das kostet <b>39&nbsp;€</b>, <i>ohne Teile</i>.</p>" });
  say({ kind: "RICH_LINK", url: "https://shop.example/werkstatt", title: "Unsere Werkstatt", description: "Öffnungszeiten, Preise und Anfahrt.", image: { ATTACHMENT: picture.id } }, { attachments: [{ ...picture, is_inline: true }] });
  say({ kind: "ATTACHMENT", caption: "So sieht das aus:" }, { attachments: [server.store("preisliste.pdf", "application/pdf", Buffer.alloc(84_210))] });
  say({ kind: "LIST_PICKER", title: "Welche Leistung?", text: null, multiple: false, sections: [{ title: "Schaltung", items: [{ id: "1", title: "Einstellen", description: "39 €, am selben Tag" }, { id: "2", title: "Kette tauschen", description: "ab 59 €" }] }] });
  say({ kind: "LIST_PICKER", title: "Was noch?", text: "Mehreres ist möglich.", multiple: true, sections: [{ title: null, items: [{ id: "1", title: "Bremsen prüfen" }, { id: "2", title: "Licht prüfen" }] }] });
  say({ kind: "TIME_PICKER", title: "Wann passt es?", text: null, time_zone: "Europe/Berlin", slots: slots(8, 9, 13, 8, 10, 15) });
  say({ kind: "FORM", title: "Ihre Daten", text: "Damit wir anrufen können.", submit_label: null, fields: [
    { id: "name", label: "Name", field_type: "TEXT", required: true, hint: null, options: [] },
    { id: "mail", label: "E-Mail", field_type: "EMAIL", required: true, hint: "Nur für diesen Auftrag.", options: [] },
    { id: "phone", label: "Telefon", field_type: "PHONE", required: false, options: [] },
    { id: "km", label: "Kilometer", field_type: "NUMBER", required: false, options: [] },
    { id: "since", label: "Gekauft am", field_type: "DATE", required: false, options: [] },
    { id: "kind", label: "Art", field_type: "CHOICE", required: true, options: [{ id: "a", title: "Rennrad" }, { id: "b", title: "Stadtrad" }] },
    { id: "extra", label: "Zubehör", field_type: "MULTIPLE_CHOICE", required: false, options: [{ id: "a", title: "Schloss" }, { id: "b", title: "Korb" }] },
    { id: "note", label: "Bemerkung", field_type: "MULTILINE", required: false, options: [] },
    { id: "ok", label: "Ich habe die Bedingungen gelesen.", field_type: "CHECKBOX", required: true, options: [] },
  ] });
  say({ kind: "ADAPTIVE_CARD", card: CARD });
  say({ kind: "PAYMENT_REQUEST", description: "Anzahlung Werkstatt", amount_minor: 2_000, currency: "EUR", url: "https://pay.example/1", reference: "W-118" });
  say({ kind: "APPOINTMENT_REQUEST", title: "Abholung", text: null, location: "Hafenstraße 4, Kiel", time_zone: "Europe/Berlin", slots: slots(16), url: "https://shop.example/termin" });
  say({ kind: "LOCATION", latitude: 54.3233, longitude: 10.1228, name: "Nordlicht Rad", address: "Hafenstraße 4, Kiel" });
  say({ kind: "TEMPLATE", name: "t", language: "de", parameters: [], text: "Ihr Rad ist fertig." });
  say({ kind: "UNSUPPORTED", platform_type: "sticker", text: null }, { text: "[Aufkleber]" });
  const gone = say({ kind: "TEXT", text: "Falscher Chat." });
  server.happen({ type: "message_deleted", data: { message_id: gone.id, version: 999, at: gone.at } });
  server.say({ kind: "FORM_ANSWERS", question: null, answers: [{ field_id: "name", label: "Name", values: ["Mara Lind"] }, { field_id: "kind", label: "Art", values: ["Stadtrad"] }] }, { direction: "in", author: { name: null, kind: "VISITOR" }, state: "DELIVERED" });
  server.happen({ type: "agent", data: { agent: AGENT } });
  server.happen({ type: "status", data: { status: "ACTIVE", is_online: true } });
}
