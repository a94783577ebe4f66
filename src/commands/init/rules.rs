//! The rules of a first config: which are on, with the labels of this PCE, in the language of their reader.

use super::ask::{NONE, quoted};
use super::draft::Draft;
use super::labels::{of_this_pce, written};
use super::pce::Pce;
use crate::cli::{StartingRules, TargetRules};
use crate::commands::common::Failure;
use crate::config::reference::EXAMPLE;
use crate::domain::text::visible;
use crate::edit::{Block, Sheet};
use crate::lang::{self, Language};
use crate::pce::Label;
use crate::settings::reader::did_you_mean;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// The rules that are on at first: one for each topic, none that needs a name of the reader's estate.
const STARTER: [&str; 14] = [
    "VEN tampering",
    "VEN cloned",
    "VENs that are offline",
    "VEN policy not in sync",
    "Login failures",
    "API authentication failures",
    "API key changed",
    "Permissions changed",
    "Large provisioning",
    "PCE health",
    "Traffic database nearly full",
    "Target unreachable",
    "Messages are not delivered",
    "Port scan",
];

/// On as well, once it is known what the label of the databases is.
const DATABASES: &str = "Blocked traffic to databases";
/// That label in the example.
const DATABASE_LABEL: &str = "role=DB";

/// Which rules the config begins with.
pub struct Rules {
    /// All, a dozen of them on, or the PCE's health alone.
    pub which: StartingRules,
    /// The label of the databases.
    pub databases: Option<String>,
}

/// Asks for them.
pub fn ask(draft: &Draft, which: Option<StartingRules>, pce: &Pce) -> Result<Rules, Failure> {
    let which = match which {
        Some(which) => which,
        None => ask_which(draft)?,
    };
    let labels = pce.labels.as_deref().filter(|labels| which == StartingRules::Starter && !labels.is_empty());
    let Some(labels) = labels else { return Ok(Rules { which, databases: None }) };
    let usual = of_this_pce(DATABASE_LABEL, labels);
    let text = tr!("Label of the databases, for the rule on blocked traffic to them; - for none");
    let databases = draft.question("rules.databases", &text, Some(usual.as_deref().unwrap_or(NONE)), |given| {
        let written: Vec<String> = labels.iter().map(written).collect();
        match given {
            NONE => Ok(None),
            label if written.iter().any(|known| known == label) => Ok(Some(label.to_owned())),
            label => {
                let names: Vec<&str> = written.iter().map(String::as_str).collect();
                let hint = of_this_pce(label, labels)
                    .map_or_else(|| did_you_mean(label, &names), |label| tr!("did you mean `{name}`?", name = label));
                Err(Failure(tr!("no label {label} at this PCE; {hint}", label = visible(label), hint = visible(&hint))))
            }
        }
    })?;
    Ok(Rules { which, databases })
}

fn ask_which(draft: &Draft) -> Result<StartingRules, Failure> {
    let text = tr!("\nWhich rules: starter (a dozen on, the rest off), all, or none (only the PCE's health)");
    draft.question("rules", &text, Some("starter"), |given| match given {
        "starter" => Ok(StartingRules::Starter),
        "all" => Ok(StartingRules::All),
        "none" => Ok(StartingRules::None),
        _ => Err(Failure(tr!("starter, all or none"))),
    })
}

/// The rules of the example with their comments.
pub fn text(rules: &Rules, pce: &Pce) -> Result<String, Failure> {
    let mut text = EXAMPLE.to_owned();
    let unwanted = |block: &Block| {
        let is_health = block.source.as_deref() == Some("health");
        // What the PCE does not offer cannot be judged.
        (pce.offers_health == Some(false) && is_health) || (rules.which == StartingRules::None && !is_health)
    };
    loop {
        let sheet = Sheet::read(&text)?;
        let Some(block) = sheet.rules().iter().find(|block| unwanted(block)) else { break };
        text = sheet.without(block);
    }
    if rules.which == StartingRules::Starter {
        text = with_few_on(&text, rules.databases.is_some())?;
    }
    text = with_labels(&text, rules.databases.as_deref(), pce.labels.as_deref().unwrap_or_default());
    let text: String = text.split_inclusive('\n').filter(|line| !is_placeholder(line)).collect();
    let section = Sheet::read(&text)?.section(rules.which == StartingRules::None).to_owned();
    Ok(if lang::current() == Language::TraditionalChinese { in_chinese(&section) } else { section })
}

/// The same for types of targets.
const STARTER_ON_TARGETS: [&str; 15] = [
    "Service down",
    "Certificate not renewed",
    "Certificate expires",
    "Proxmox quorum",
    "Proxmox node offline",
    "Proxmox figures stale",
    "Guest down",
    "Storage filling",
    "Storage inactive",
    "Failed tasks",
    "Proxmox HA trouble",
    "Node certificate expires",
    "Backup datastore filling",
    "Backup verification failed",
    "Backup garbage not collected",
];
/// Wherever there are targets: one that cannot be read is an alert.
const UNREACHABLE: &str = "Target unreachable";

/// Names of the rules of the example that read targets of this type.
fn readers(kind: &str) -> Result<BTreeSet<String>, Failure> {
    let example = crate::config::parse(Path::new("rules.example.toml"), EXAMPLE).map_err(|error| Failure(error.render(false)))?;
    let mine = example.rules.into_iter().filter(|rule| rule.wants(rule.source.kinds_of(kind)));
    Ok(mine.map(|rule| rule.name).collect())
}

/// Names of the starters on a type of target.
pub fn starters_on(kind: &str) -> Result<Vec<String>, Failure> {
    let sheet = Sheet::read(EXAMPLE)?;
    let mine = readers(kind)?;
    let is_starter = |block: &&Block| mine.contains(&block.name) && STARTER_ON_TARGETS.contains(&block.name.as_str());
    Ok(sheet.rules().iter().filter(is_starter).map(|block| block.name.clone()).collect())
}

/// A config with rules of the example on a type of target: those that are there are switched on, the others stand at the end.
pub fn with_rules_on(config: &str, kind: &str, which: TargetRules) -> Result<String, Failure> {
    let example = Sheet::read(EXAMPLE)?;
    let readers = readers(kind)?;
    let is_on = |block: &&Block| {
        let mine = readers.contains(&block.name);
        match which {
            TargetRules::None => false,
            TargetRules::Starter => mine && STARTER_ON_TARGETS.contains(&block.name.as_str()),
            TargetRules::All => mine,
        }
    };
    let mut chosen: Vec<&Block> = example.rules().iter().filter(is_on).collect();
    if !chosen.is_empty() {
        chosen.extend(example.find(UNREACHABLE));
    }
    let on = |text: &str| text.replacen("\nenabled = false\n", "\n", 1);
    let mut text = config.to_owned();
    for block in chosen {
        let own: String = on(example.text_of(block)).split_inclusive('\n').filter(|line| !is_placeholder(line)).collect();
        let own = if lang::current() == Language::TraditionalChinese { in_chinese(&own) } else { own };
        let name = Sheet::read(&own)?.names().first().map(|name| (*name).to_owned()).unwrap_or_default();
        let sheet = Sheet::read(&text)?;
        // Whatever its name is: older configs have another one for it, and names are their owner's.
        let does_the_same = |known: &Block| block.name == UNREACHABLE && watches_sources(known, sheet.text_of(known));
        let known = sheet.rules().iter().find(|known| known.name == block.name || known.name == name || does_the_same(known));
        text = match known {
            Some(known) => sheet.with(&[(known, on(sheet.text_of(known)))]),
            None => format!("{}\n\n{own}", text.trim_end()),
        };
    }
    Ok(text)
}

/// Whether a rule is on sources that cannot be read.
fn watches_sources(block: &Block, text: &str) -> bool {
    block.source.as_deref() == Some("self") && text.lines().any(|line| line.trim() == "metric = \"failed_sources\"")
}

/// Links into a wiki and addresses that are not there help nobody.
fn is_placeholder(line: &str) -> bool {
    line.starts_with("runbook = \"https://wiki.example.com/") || line == "exclude = { src_ip = [\"192.0.2.10\"] }\n"
}

/// All but the starters switched off.
fn with_few_on(text: &str, databases: bool) -> Result<String, Failure> {
    let sheet = Sheet::read(text)?;
    let is_on = |name: &str| STARTER.contains(&name) || (databases && name == DATABASES);
    let off = sheet.rules().iter().filter(|block| !is_on(&block.name)).map(|block| sheet.text_of(block).to_owned());
    let mut text = text.to_owned();
    for block in off.filter(|block| !block.contains("\nenabled = false\n")) {
        if let Some((head, tail)) = block.split_once("\nsource = ") {
            text = text.replace(block.as_str(), &format!("{head}\nenabled = false\nsource = {tail}"));
        }
    }
    Ok(text)
}

/// The labels of the example as this PCE spells them; what it does not have stays an example.
fn with_labels(text: &str, databases: Option<&str>, labels: &[Label]) -> String {
    let examples: BTreeSet<&str> = text.split('"').filter(|part| is_label(part)).collect();
    examples.into_iter().fold(text.to_owned(), |text, example| {
        let own = databases.filter(|_| example == DATABASE_LABEL).map(str::to_owned).or_else(|| of_this_pce(example, labels));
        own.map_or_else(|| text.clone(), |own| text.replace(&format!("\"{example}\""), &quoted(&own)))
    })
}

fn is_label(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.chars().all(char::is_alphanumeric);
    text.split_once('=').is_some_and(|(key, value)| plain(key) && plain(value))
}

/// Names, descriptions and comments in Chinese.
fn in_chinese(section: &str) -> String {
    let catalogue: HashMap<String, String> = toml::from_str(include_str!("../../lang/rules.zh-TW.toml")).unwrap_or_default();
    let translated = |line: &str| -> Option<String> {
        if let Some(comment) = line.strip_prefix("# ") {
            return catalogue.get(comment).map(|text| format!("# {text}"));
        }
        let (key, value) = line.split_once(" = ").filter(|(key, _)| matches!(*key, "name" | "description"))?;
        let value: toml::Value = format!("x = {value}").parse::<toml::Table>().ok()?.remove("x")?;
        catalogue.get(value.as_str()?).map(|text| format!("{key} = {}", quoted(text)))
    };
    section.lines().map(|line| translated(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}
