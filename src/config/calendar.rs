//! Times of the day, days and months, as maintenance windows and digests write them.

use crate::domain::calendar::{DAY, Days, TimeRange, parse_time};
use crate::settings::reader::{Placed, Reader, meant};
use jiff::civil::Weekday;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// Reads ranges such as `"22:00-06:00"`. `None` after a complaint, empty when the key is absent.
pub(super) fn times(reader: &mut Reader<'_>, key: &str) -> Option<Vec<TimeRange>> {
    each(reader, key, |text| {
        let wrong = || (format!("'{text}' is no part of a day"), Some("write for example \"22:00-06:00\" or \"08:00-24:00\"".to_owned()));
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (parse_time(from.trim()).ok_or_else(wrong)?, parse_time(to.trim()).ok_or_else(wrong)?);
        if from == DAY {
            return Err(wrong());
        }
        if from == to {
            let hint = "leave `times` out for the whole day, or write \"00:00-24:00\"".to_owned();
            return Err((format!("'{text}' is empty: it ends when it begins"), Some(hint)));
        }
        Ok(vec![TimeRange { from, to }])
    })
}

/// Reads times of the day such as `"08:00"`.
pub(super) fn instants(reader: &mut Reader<'_>, key: &str) -> Option<Vec<u16>> {
    each(reader, key, |text| match parse_time(text.trim()).filter(|time| *time < DAY) {
        Some(time) => Ok(vec![time]),
        None => Err((format!("'{text}' is no time of the day"), Some("write for example \"08:00\"".to_owned()))),
    })
}

/// Reads days of the week such as `"sat"` and `"mon-fri"`.
pub(super) fn weekdays(reader: &mut Reader<'_>, key: &str) -> Option<Vec<Weekday>> {
    let day = |index: usize| i8::try_from(index + 1).ok().and_then(|number| Weekday::from_monday_one_offset(number).ok());
    Some(each(reader, key, |text| names(text, &WEEKDAYS, "day of the week"))?.into_iter().filter_map(day).collect())
}

/// Reads `times`-independent days: `weekdays`, `days_of_month` and `months`.
pub(super) fn days(reader: &mut Reader<'_>) -> Option<Days> {
    let weekdays = weekdays(reader, "weekdays");
    let of_month = each(reader, "days_of_month", days_of_month);
    let month = |index: usize| i8::try_from(index + 1).ok();
    let months = each(reader, "months", |text| names(text, &MONTHS, "month"));
    Some(Days { weekdays: weekdays?, of_month: of_month?, months: months?.into_iter().filter_map(month).collect() })
}

type Wrong = (String, Option<String>);

/// Reads a list of texts, item by item, with a complaint at each that is wrong.
fn each<T>(reader: &mut Reader<'_>, key: &str, read: impl Fn(&str) -> Result<Vec<T>, Wrong>) -> Option<Vec<T>> {
    if reader.raw(key).is_none() {
        return Some(Vec::new());
    }
    let list: Vec<Placed<String>> = reader.strings_or_numbers(key)?;
    if list.is_empty() {
        let hint = Some("leave the key out if it shall not limit anything".to_owned());
        reader.error_at(key, format!("`{key}` in {} is an empty list", reader.name()), hint);
        return None;
    }
    let (mut out, mut sound) = (Vec::new(), true);
    for item in list {
        match read(&item.value) {
            Ok(values) => out.extend(values),
            Err((message, hint)) => {
                reader.problems().error(item.span, format!("`{key}` in {}: {message}", reader.name()), hint);
                sound = false;
            }
        }
    }
    sound.then_some(out)
}

/// One name or a range of names, as places in the list; a range may go past the end of the list.
fn names(text: &str, list: &[&str], what: &str) -> Result<Vec<usize>, Wrong> {
    let place = |word: &str| {
        let word = word.trim().to_lowercase();
        list.iter().position(|name| *name == word || name[..3] == word).ok_or_else(|| {
            let short: Vec<&str> = list.iter().map(|name| &name[..3]).collect();
            let hint = meant(&word, list).unwrap_or_else(|| tr!("use one of: {names}", names = short.join(", ")));
            (format!("'{word}' is no {what}"), Some(hint))
        })
    };
    let (from, to) = text.split_once(['-', ':']).map_or((text, text), |ends| ends);
    let (from, to) = (place(from)?, place(to)?);
    let length = if to >= from { to - from } else { to + list.len() - from };
    Ok((0..=length).map(|step| (from + step) % list.len()).collect())
}

/// One day or a range of days: `1`, `-1`, `1:7`, `1-7`, `-3:-1`.
fn days_of_month(text: &str) -> Result<Vec<(i8, i8)>, Wrong> {
    let wrong = || {
        let hint = "write 1 to 31, or -1 to -31 from the end of the month, or a range such as \"1:7\" or \"-3:-1\"".to_owned();
        (format!("'{text}' is no day of the month"), Some(hint))
    };
    let day = |text: &str| text.trim().parse::<i8>().ok().filter(|day| (1..=31).contains(&day.abs())).ok_or_else(wrong);
    let text = text.trim();
    let ends = text.split_once(':').or_else(|| text.split_once('-').filter(|(from, _)| !from.is_empty()));
    let (from, to) = ends.unwrap_or((text, text));
    let (from, to) = (day(from)?, day(to)?);
    if from.signum() == to.signum() && from > to {
        return Err(wrong());
    }
    Ok(vec![(from, to)])
}
