//! `pcemon.toml(5)`: what a config can hold, made of what the readers ask for and of what the example says.

use crate::channels::KINDS;
use crate::config::shape::{members, whole};
use crate::config::{defaults, reference};
use crate::domain::field::Field;
use crate::settings::shape::{Key, Shape, Want};
use crate::sources::{self, SOURCES};
use roff::{Inline, Roff, bold, italic, roman};
use std::collections::BTreeSet;

/// What the tables are for, in the order of the page. A key comes from the table or, of `defaults`, from a rule.
const TABLES: &[(&str, &str)] = &[
    ("pce", "The PCE. May be left out when every source is read from a file."),
    ("run", "What holds for the whole run."),
    ("heartbeat", "The dead man's switch, where heartbeat in [run] is not enough."),
    ("traffic", "How traffic is counted."),
    ("events", "How audit events are read."),
    ("report", "What pcemon-report(1) covers."),
];

/// Lists whose members the example shows better than words do.
const LISTS: &[(&str, &str)] = &[
    ("routes", "Where alerts go whose rule has no notify: in order, the first that matches wins unless continue = true."),
    ("maintenance", "When alerts send no messages. All keys must fit, of a list any."),
    ("inhibit", "Which alerts explain others, so that those send no messages."),
];

/// The page.
pub fn config_page() -> String {
    let shape = whole();
    let mut page = Page { roff: Roff::new(), headed: false };
    // No date, as in the other pages; an empty argument must be said, or the next one takes its place.
    page.roff.control("TH", ["PCEMON.TOML", "5", "\"\"", concat!("pcemon ", env!("CARGO_PKG_VERSION")), "pcemon"]);
    page.section("NAME");
    page.say("pcemon.toml - configuration of pcemon, which watches an Illumio PCE");
    page.section("SYNOPSIS");
    page.say("--config FILE");
    for place in
        ["$PCEMON_CONFIG", "./rules.toml", "$XDG_CONFIG_HOME/pcemon/rules.toml (or ~/.config/pcemon/rules.toml)", "/etc/pcemon/rules.toml"]
    {
        page.line(place);
    }
    page.section("DESCRIPTION");
    page.say(
        "The first of these files that exists is read; one that --config or $PCEMON_CONFIG names must exist. It is TOML. A key that \
         nobody knows is refused, with the key that was probably meant, and so is a value that cannot work. pcemon rules validate checks \
         a file without contacting anything, pcemon rules example prints a whole one with a comment on every key, and pcemon rules schema \
         helps an editor.",
    );
    page.say("Kinds of value, as they are named below:");
    for (name, text) in [
        ("duration", "\"90s\", \"10m\", \"1h 30m\", \"2d\""),
        (
            "comparison",
            "one of > >= < <= == != and a number, where the metric has units with a unit: \"> 10\", \"> 500 Mbps\", \">= 90 %\"",
        ),
        (
            "secret",
            "{ env = \"NAME\" }, { file = \"/path\" } (one line end is dropped) or { cmd = [\"program\", \"argument\"] } (no shell). \
             A plain text works and warns on every run",
        ),
    ] {
        page.item(&[bold(name)], text);
    }
    for (table, text) in TABLES {
        page.section(&format!("[{table}]"));
        page.say(text);
        page.keys(&shape.table(table).unwrap_or_default(), &[table], |key| reference::text(table, key));
    }
    page.section("[defaults]");
    page.say("Values for every rule that does not say otherwise. Any key of a rule but name may stand here.");
    rules(&mut page, &shape);
    targets(&mut page, &shape);
    for table in &sources::TABLES {
        page.section(&format!("[{}]", table.name));
        page.say(table.about);
        page.keys(&shape.table(table.name).unwrap_or_default(), &[table.name], |_| None);
    }
    channels(&mut page, &shape);
    for (list, text) in LISTS {
        page.section(&format!("[[{list}]]"));
        page.say(text);
        for (_, member) in members(&shape, list) {
            page.keys(&member, &[list], |_| None);
        }
        page.shown(&reference::shown(&format!("[[{list}]]")));
    }
    page.section("FILES");
    page.item(&[italic("/etc/pcemon/rules.toml")], "The config, when none is nearer.");
    page.item(
        &[italic("$STATE_DIRECTORY/state.json"), roman(", "), italic("$XDG_STATE_HOME/pcemon/state.json")],
        "What is remembered between runs, unless state in [run] or --state names another place.",
    );
    page.section("EXIT STATUS");
    page.say("A config that is refused ends the program with 3. All codes are in pcemon(1).");
    page.section("SEE ALSO");
    page.say(
        "pcemon(1), pcemon-init(1), pcemon-rules-validate(1), pcemon-rules-example(1), pcemon-rules-schema(1), pcemon-channel-test(1)",
    );
    page.roff.render()
}

fn rules(page: &mut Page, shape: &Shape) {
    page.section("[[rules]]");
    page.say("What is counted, and when it is too much. Required: name, source and a comparison (a health rule works without).");
    let members = members(shape, "rules");
    let mut seen = BTreeSet::new();
    let mut all = Shape::default();
    for (name, key) in members.iter().flat_map(|(_, member)| &member.keys) {
        if usable(key) && seen.insert(name.clone()) {
            // What only some sources take is said below.
            let words = if name == "metric" || name == "group_by" { Vec::new() } else { key.words.clone() };
            all.keys.push((name.clone(), Key { words, required: key.required || name == "name" || name == "source", ..key.clone() }));
        }
    }
    page.keys(&all, &["rule"], |key| defaults::about(&["rule"], key).map(str::to_owned).or_else(|| reference::text("rule", key)));
    for source in SOURCES {
        let Some((_, member)) = members.iter().find(|(name, _)| *name == source.name()) else { continue };
        page.part(&format!("Rules on {source}"));
        page.item(&[bold("metric")], &member.get("metric").map(|key| key.words.join(", ")).unwrap_or_default());
        if let fields @ [_, ..] = Field::names(source).as_slice() {
            page.item(&[bold("group_by")], &fields.join(", "));
        }
        let Some(conditions) = member.table("match").filter(|conditions| conditions.keys.iter().any(|(_, key)| usable(key))) else {
            continue;
        };
        page.say(
            "Keys of match and exclude: any value within a key, all keys of match, any of exclude. A key that is left out is no condition.",
        );
        page.keys(&conditions, &["match"], |key| reference::condition(source.name(), key));
    }
}

fn targets(page: &mut Page, shape: &Shape) {
    page.section("[[targets]]");
    page.say("What rules read besides the PCE, each with a name.");
    for (kind, mut member) in members(shape, "targets") {
        member.keys.iter_mut().filter(|(name, _)| name == "name" || name == "type").for_each(|(_, key)| key.required = true);
        page.part(&format!("Type {kind}"));
        page.keys(&member, &[kind], |_| None);
    }
}

fn channels(page: &mut Page, shape: &Shape) {
    page.section("[[channels]]");
    page.say("Where alerts go. Any URL, token or password may be a secret. Try one with: pcemon channel test NAME");
    let members = members(shape, "channels");
    let mut common = members.first().map(|(_, first)| first.clone()).unwrap_or_default();
    common.keys.retain(|(name, _)| members.iter().all(|(_, member)| member.get(name).is_some_and(usable)));
    page.part("Keys of every channel");
    // Which is in the heading of each kind.
    if let Some((_, key)) = common.keys.iter_mut().find(|(name, _)| name == "type") {
        key.words = KINDS.iter().map(|kind| kind.name.to_owned()).collect();
    }
    common.keys.iter_mut().filter(|(name, _)| name == "name" || name == "type").for_each(|(_, key)| key.required = true);
    let example = reference::shown("[[channels]]");
    page.keys(&common, &["channel"], |key| reference::remark(&example, key));
    for (kind, (_, member)) in KINDS.iter().zip(&members) {
        page.part(&format!("Type {}", kind.name));
        page.say(&format!("{}.", kind.summary));
        let mut own = member.clone();
        own.keys.retain(|(name, _)| common.get(name).is_none());
        let shown = reference::shown(&format!("type = \"{}\"", kind.name));
        page.keys(&own, &[kind.name, "channel"], |key| reference::remark(&shown, key));
        page.shown(&[kind.example.to_owned()]);
    }
}

fn usable(key: &Key) -> bool {
    !matches!(key.want, Want::Unsaid)
}

/// A remark as a sentence. What begins with an address or a value stays as it is written.
fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([',', ';', ':']);
    let begin =
        if word.chars().all(char::is_alphabetic) { text.chars().take(1).flat_map(char::to_uppercase).collect() } else { String::new() };
    let rest: String = text.chars().skip(usize::from(!begin.is_empty())).collect();
    let end = if text.is_empty() || text.ends_with(['.', '!']) { "" } else { "." };
    format!("{begin}{rest}{end}")
}

/// A kind of value in words.
fn kind(key: &Key) -> String {
    let words = || key.words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    match &key.want {
        Want::Unsaid => String::new(),
        Want::Text if key.words.is_empty() => "text".to_owned(),
        Want::Text if key.closed => format!("one of {}", words()),
        Want::Text => format!("text, for example {}", words()),
        Want::TextOrFile => "text, or { file = \"/path\" }".to_owned(),
        Want::Threshold => "comparison".to_owned(),
        Want::Duration => "duration".to_owned(),
        Want::Boolean => "true or false".to_owned(),
        Want::Integer(low, high) if *high == i64::MAX => format!("whole number from {low}"),
        Want::Integer(low, high) => format!("whole number from {low} to {high}"),
        Want::Number => "number, or text with a unit".to_owned(),
        Want::Groups => "list of texts, or of lists of texts".to_owned(),
        Want::Texts(_) if key.closed && !key.words.is_empty() => format!("one or a list of {}", words()),
        Want::Texts(false) => "text or list of texts".to_owned(),
        Want::Texts(true) => "text, number or list of them".to_owned(),
        Want::TextMap => "table of texts".to_owned(),
        Want::Secret => "secret".to_owned(),
        Want::Secrets => "secret or list of secrets".to_owned(),
        Want::Table(inner) => {
            let inner = inner.borrow();
            let names: Vec<&str> = inner.keys.iter().filter(|(_, key)| usable(key)).map(|(name, _)| name.as_str()).collect();
            // Conditions have a list of their own.
            if names.is_empty() || names.len() > 12 { "table".to_owned() } else { format!("table with {}", names.join(", ")) }
        }
        Want::Tables(_) => "list of tables".to_owned(),
    }
}

/// A page while it is written.
struct Page {
    roff: Roff,
    /// Whether a heading stands above: no paragraph begins right below one.
    headed: bool,
}

impl Page {
    fn section(&mut self, name: &str) {
        self.roff.control("SH", [name]);
        self.headed = true;
    }

    fn part(&mut self, name: &str) {
        self.roff.control("SS", [name]);
        self.headed = true;
    }

    fn paragraph(&mut self) {
        if !std::mem::take(&mut self.headed) {
            self.roff.control("PP", []);
        }
    }

    fn say(&mut self, text: &str) {
        self.paragraph();
        self.text(&[roman(text)]);
    }

    fn tag(&mut self) {
        self.headed = false;
        self.roff.control("TP", []);
    }

    fn line(&mut self, text: &str) {
        self.roff.control("br", []);
        self.text(&[roman(text)]);
    }

    fn item(&mut self, head: &[Inline], text: &str) {
        self.tag();
        self.roff.text(head);
        self.text(&[roman(text)]);
    }

    fn text(&mut self, parts: &[Inline]) {
        self.roff.text(parts);
    }

    /// The keys of a table, `tables` being what it is called where defaults are written down.
    fn keys(&mut self, shape: &Shape, tables: &[&str], about: impl Fn(&str) -> Option<String>) {
        self.keys_within("", shape, tables, &about);
    }

    fn keys_within(&mut self, place: &str, shape: &Shape, tables: &[&str], about: &dyn Fn(&str) -> Option<String>) {
        for (name, key) in shape.keys.iter().filter(|(_, key)| usable(key)) {
            let required = if key.required { ", required" } else { "" };
            let head = [bold(format!("{place}{name}")), roman(format!(" ({}{required})", kind(key)))];
            let text = about(name).or_else(|| defaults::about(tables, name).map(str::to_owned)).unwrap_or_default();
            let usual = defaults::of(tables, name).or_else(|| defaults::otherwise(tables, name)).filter(|_| !key.required);
            match defaults::stated(&sentence(&text), usual) {
                text if text.is_empty() => {
                    self.tag();
                    self.roff.text(head);
                }
                text => self.item(&head, &text),
            }
            // Conditions on records have lists of their own.
            if let Want::Table(inner) = &key.want
                && !(tables == ["rule"] && matches!(name.as_str(), "match" | "exclude" | "ratio_to"))
            {
                let selects = matches!(name.as_str(), "match" | "source" | "target");
                let called = if selects { "selector" } else { name.as_str() };
                self.keys_within(&format!("{name}."), &inner.borrow(), &[called], &|_| None);
            }
        }
    }

    /// Text as it stands.
    fn shown(&mut self, blocks: &[String]) {
        for block in blocks {
            self.paragraph();
            self.roff.control("EX", []);
            for line in block.trim_end().lines() {
                self.text(&[roman(line)]);
            }
            self.roff.control("EE", []);
        }
    }
}
