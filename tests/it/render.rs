use crate::support::dummy;
use pcemon::render::*;
#[test]
fn look() {
    for width in [None, Some(120), Some(80), Some(60)] {
        let style = Style {
            width,
            color: std::env::var("C").is_ok(),
            timezone: jiff::tz::TimeZone::get("Asia/Taipei").unwrap(),
            ..Style::default()
        };
        println!("{}\n=====", (find("table").unwrap().render)(&dummy::rich(), &style));
    }
    println!("{}\n=====", (find("table").unwrap().render)(&dummy::calm(), &Style::default()));
    println!("{}\n=====", (find("json").unwrap().render)(&dummy::rich(), &Style::default()));
}
