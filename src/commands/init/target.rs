//! `pcemon init target TYPE`: a target for a config that is there. It is tried at once, and rules on it are put beside it.

use super::ask::{complain, question, yes};
use super::certificate;
use super::channels::{Before, ask_keys, placed};
use super::draft::{Asking, Draft};
use super::rules;
use super::secrets::{self, Keeper, Place};
use crate::cli::{Global, TargetArgs, TargetRules};
use crate::commands::common::{Exit, Failure, attended};
use crate::commands::rules::change::Work;
use crate::config::{self, Config};
use crate::domain::text::visible;
use crate::edit::values::{new_table, shape_of_target};
use crate::run::output::print;
use crate::settings::shape::Shape;
use crate::sources::{Settings, TARGET_TYPES};
use std::collections::BTreeMap;

/// Adds it.
pub fn run(global: &Global, args: &TargetArgs) -> Exit {
    let path = crate::config::find(global.config.as_deref()).ok();
    if !path.as_ref().is_some_and(|path| path.exists()) {
        let path = path.unwrap_or_else(|| "rules.toml".into());
        let path = visible(&path.display().to_string());
        return Err(Failure(tr!(
            "there is no config yet. Make one with: pcemon init. Without a PCE, with: printf '[run]\\nsite = \"lab\"\\n' > {path}",
            path
        )));
    }
    let work = Work::begin(global)?;
    let mut shape =
        shape_of_target(&args.kind).ok_or_else(|| Failure(tr!("there is no type of target '{kind}'", kind = visible(&args.kind))))?;
    for key in TARGET_TYPES.iter().filter(|known| known.name == args.kind).flat_map(|known| known.asks) {
        shape.key(key).required = true;
    }
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').ok_or_else(|| tr!("'{text}' is not a pair; write key=value", text = visible(text)))?;
        Ok((key.trim().to_owned(), value.trim().to_owned()))
    };
    let pairs = args.pairs.iter().map(pair).collect::<Result<BTreeMap<String, String>, String>>()?;
    let keeper = Keeper::beside(work.path())?;
    let adding = Adding { global, args, work: &work, shape: &shape, keeper: &keeper };
    let (drafted, which) = if pairs.is_empty() && attended() { adding.asked_for()? } else { adding.given(&pairs)? };

    let source = crate::sources::find(&args.kind).map_or(args.kind.as_str(), |source| source.name());
    let text = rules::with_rules_on(&with(&work, &drafted.text)?, &args.kind, which)?;
    let new = config::parse(work.path(), &text).ok();
    let is_read = new.iter().flat_map(|config| &config.rules).any(|rule| rule.enabled && rule.wants(rule.source.kinds_of(&args.kind)));
    let remark = tr!("No rule reads it yet; for example: pcemon rules add --name NAME --source {source} --warning '>= 1'", source);
    let mut remarks = if is_read { Vec::new() } else { vec![remark] };
    remarks.extend(drafted.places.iter().filter_map(Place::path).map(|path| {
        tr!("{path} will contain the value that was given directly (permissions 0600).", path = visible(&path.display().to_string()))
    }));
    let done = tr!("target `{name}` was added", name = visible(&drafted.name));
    if !work.is_agreed(&text, args.how, &remarks)? {
        return Ok(0);
    }
    let kept = secrets::write(&drafted.places, false)?;
    work.write(&text, &done).inspect_err(|_| {
        for file in kept {
            // What was written a moment ago belongs to a target that is not there.
            let _ = std::fs::remove_file(file);
        }
    })
}

/// A target as it will be written.
struct Drafted {
    name: String,
    text: String,
    /// The same with the values of secrets that are not stored yet.
    trial: String,
    places: Vec<Place>,
}

/// The config with one target more.
fn with(work: &Work<'_>, table: &str) -> Result<String, Failure> {
    Ok(format!("{}\n\n{table}", work.text()?.trim_end()))
}

/// The target that stands last in a config.
fn last(config: &Config) -> Option<&dyn Settings> {
    config.targets.last().map(|target| &*target.settings)
}

/// What it takes to add one.
struct Adding<'a> {
    global: &'a Global,
    args: &'a TargetArgs,
    work: &'a Work<'a>,
    shape: &'a Shape,
    keeper: &'a Keeper,
}

impl Adding<'_> {
    fn drafted(&self, given: &BTreeMap<String, String>) -> Result<Drafted, Failure> {
        let name = given.get("name").cloned().unwrap_or_default();
        let mut pairs: Vec<(String, String)> =
            given.iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| (k.clone(), v.clone())).collect();
        pairs.push(("type".to_owned(), self.args.kind.clone()));
        let mut on_trial = pairs.clone();
        let mut places = Vec::new();
        for (at, place) in placed(&mut pairs, self.shape, &name, self.keeper)? {
            on_trial[at].1 = place.typed().to_owned();
            places.push(place);
        }
        let text = |pairs: &[(String, String)]| new_table("targets", pairs, self.shape);
        Ok(Drafted { text: text(&pairs)?, trial: text(&on_trial)?, name, places })
    }

    /// The config with it, as it is tried.
    fn config(&self, drafted: &Drafted) -> Result<Config, Failure> {
        config::parse(self.work.path(), &with(self.work, &drafted.trial)?)
            .map_err(|error| Failure(error.first().unwrap_or_else(|| error.render(false))))
    }

    /// From the command line. What a trial says changes nothing.
    fn given(&self, pairs: &BTreeMap<String, String>) -> Result<(Drafted, TargetRules), Failure> {
        let drafted = self.drafted(pairs)?;
        if !self.args.offline
            && let Ok(config) = self.config(&drafted)
            && let Some(settings) = last(&config)
        {
            for unknown in certificate::unknown(settings) {
                complain(&unknown.described());
            }
            match settings.examine(0, jiff::Timestamp::now()) {
                Ok(found) if !self.global.quiet => print(&format!("  {}\n", lines(&found)))?,
                Ok(_) => {}
                Err(why) => complain(&lines(&why)),
            }
        }
        Ok((drafted, self.args.rules.unwrap_or(TargetRules::Starter)))
    }

    /// Asks until the config can be used with it and the trial is to be believed.
    fn asked_for(&self) -> Result<(Drafted, TargetRules), Failure> {
        let draft = Draft::in_memory();
        let mut before = Before { place: String::new(), given: BTreeMap::new() };
        loop {
            let usual = before.given.get("name").cloned().unwrap_or_else(|| self.args.kind.clone());
            let name = question(&tr!("Name of the target"), Some(&usual), |given| Ok(given.to_owned()))?;
            before.given.insert("name".to_owned(), name);
            let asking = Asking { global: self.global, keeper: self.keeper, draft: &draft };
            ask_keys(asking, self.shape, "", &toml::Table::new(), &mut before)?;
            match self.tried(&mut before.given) {
                Ok(Some(drafted)) => return Ok((drafted, self.which_rules()?)),
                Ok(None) => {}
                Err(Failure(said)) => complain(&said),
            }
        }
    }

    /// Tries it; nothing if the answers are to be given again.
    fn tried(&self, given: &mut BTreeMap<String, String>) -> Result<Option<Drafted>, Failure> {
        let mut drafted = self.drafted(given)?;
        let mut config = self.config(&drafted)?;
        if self.args.offline {
            return Ok(Some(drafted));
        }
        while let Some(settings) = last(&config) {
            if !certificate::ask(settings, given)? {
                match settings.examine(0, jiff::Timestamp::now()) {
                    Ok(found) => print(&format!("  {}\n", lines(&found)))?,
                    Err(why) => {
                        complain(&lines(&why));
                        if !yes(&tr!("Keep these answers anyway? y/N"))? {
                            return Ok(None);
                        }
                    }
                }
                break;
            }
            drafted = self.drafted(given)?;
            config = self.config(&drafted)?;
        }
        Ok(Some(drafted))
    }

    fn which_rules(&self) -> Result<TargetRules, Failure> {
        if let Some(which) = self.args.rules {
            return Ok(which);
        }
        let starters = rules::starters_on(&self.args.kind)?;
        if starters.is_empty() {
            return Ok(TargetRules::None);
        }
        let text = tr!("Which rules on it: starter ({names}), all, or none", names = starters.join(&tr!(", ")));
        question(&text, Some("starter"), |given| match given {
            "starter" => Ok(TargetRules::Starter),
            "all" => Ok(TargetRules::All),
            "none" => Ok(TargetRules::None),
            _ => Err(Failure(tr!("starter, all or none"))),
        })
    }
}

/// What a trial found, a line for each endpoint.
fn lines(found: &str) -> String {
    found.replace(" | ", "\n  ")
}
