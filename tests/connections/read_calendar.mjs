// Reads a calendar from standard input as somebody's calendar program would, with ical.js, and
// writes the dates between two instants as JSON: [summary, start, end or null], in UTC.
// Called as: node read_calendar.mjs /path/to/ical.mjs 2026-01-01T00:00:00Z 2027-01-01T00:00:00Z
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [library, first, last] = process.argv.slice(2);
const { default: ICAL } = await import(pathToFileURL(library));
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
// As the library's own documentation asks: the file's time zones, none of the machine's.
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(new ICAL.Timezone(zone));
}
const from = new Date(first).getTime();
const to = new Date(last).getTime();
const utc = (time) => time.toJSDate().toISOString().slice(0, 19) + "Z";
const events = calendar.getAllSubcomponents("vevent");
const found = [];
// Of others' calendars: what is called off, kept from others, or names no time.
const isLeftOut = (item) =>
  item.component.getFirstPropertyValue("status") === "CANCELLED" ||
  ["PRIVATE", "CONFIDENTIAL"].includes(item.component.getFirstPropertyValue("class"));
const add = (item, start, end) => {
  if (isLeftOut(item) || start.isDate) return;
  const at = start.toJSDate().getTime();
  if (at >= from && at < to) {
    found.push([item.summary, utc(start), end.compare(start) ? utc(end) : null]);
  }
};
for (const component of events.filter((one) => !one.hasProperty("recurrence-id"))) {
  const uid = component.getFirstPropertyValue("uid");
  const exceptions = events.filter(
    (one) => one.hasProperty("recurrence-id") && one.getFirstPropertyValue("uid") === uid,
  );
  const event = new ICAL.Event(component, { exceptions });
  if (!event.isRecurring()) {
    add(event, event.startDate, event.endDate);
    continue;
  }
  const iterator = event.iterator();
  for (let next = iterator.next(), count = 0; next && count < 5000; next = iterator.next(), count += 1) {
    // Moved dates come at their old place: half a year is the farthest one moves.
    if (next.toJSDate().getTime() > to + 200 * 86400e3) break;
    const details = event.getOccurrenceDetails(next);
    add(details.item, details.startDate, details.endDate);
  }
}
console.log(JSON.stringify(found));
