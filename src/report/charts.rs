//! Charts as SVG, drawn by plotters: no fonts of the system, no network, equal input makes equal bytes.
//!
//! Every chart is drawn for a page and once more for a phone, because text in a scaled picture cannot be read. Colours are
//! stand-ins that the page's style sheet replaces ([`Colour::ALL`]), so that one picture serves light, dark and paper.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use unicode_width::UnicodeWidthChar;

/// What a colour means; the style sheet says how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Ink,
    Muted,
    Grid,
    Allowed,
    PotentiallyBlocked,
    Blocked,
    Unknown,
    Calm,
    /// A step of the heat map, 0 to 5.
    Heat(u8),
    /// A step of the other heat map.
    Alarm(u8),
    /// Text on the light steps, and on the dark ones.
    OnLow,
    OnHigh,
}

/// Steps of a heat map.
pub const STEPS: u8 = 6;

impl Colour {
    /// Every colour with the name of its variable in the style sheet.
    pub fn all() -> impl Iterator<Item = (Colour, String)> {
        let named = [
            (Colour::Ink, "ink"),
            (Colour::Muted, "muted"),
            (Colour::Grid, "grid"),
            (Colour::Allowed, "allowed"),
            (Colour::PotentiallyBlocked, "potential"),
            (Colour::Blocked, "blocked"),
            (Colour::Unknown, "unknown"),
            (Colour::Calm, "calm"),
            (Colour::OnLow, "on-low"),
            (Colour::OnHigh, "on-high"),
        ];
        let steps =
            (0..STEPS).flat_map(|step| [(Colour::Heat(step), format!("heat{step}")), (Colour::Alarm(step), format!("alarm{step}"))]);
        named.into_iter().map(|(colour, name)| (colour, name.to_owned())).chain(steps)
    }

    /// How it looks where there is no style sheet.
    fn rgb(self) -> RGBColor {
        const HEAT: [RGBColor; 6] = [
            RGBColor(0xE8, 0xF1, 0xF8),
            RGBColor(0xC6, 0xDD, 0xEE),
            RGBColor(0x94, 0xC0, 0xE0),
            RGBColor(0x5A, 0x9F, 0xCF),
            RGBColor(0x2A, 0x76, 0xB2),
            RGBColor(0x0F, 0x4C, 0x85),
        ];
        const ALARM: [RGBColor; 6] = [
            RGBColor(0xFD, 0xF0, 0xE3),
            RGBColor(0xFA, 0xD8, 0xB8),
            RGBColor(0xF2, 0xB1, 0x7F),
            RGBColor(0xE1, 0x82, 0x50),
            RGBColor(0xC0, 0x4F, 0x2C),
            RGBColor(0x8C, 0x2A, 0x15),
        ];
        match self {
            Colour::Ink => RGBColor(0x1B, 0x27, 0x33),
            Colour::Muted => RGBColor(0x55, 0x60, 0x6B),
            Colour::Grid => RGBColor(0xD9, 0xDF, 0xE5),
            Colour::Allowed => RGBColor(0x2B, 0x7B, 0xBA),
            Colour::PotentiallyBlocked => RGBColor(0xE3, 0x9B, 0x17),
            Colour::Blocked => RGBColor(0xC2, 0x36, 0x2B),
            Colour::Unknown => RGBColor(0x8B, 0x94, 0x9E),
            Colour::Calm => RGBColor(0xDC, 0xEB, 0xDF),
            Colour::Heat(step) => HEAT[usize::from(step.min(STEPS - 1))],
            Colour::Alarm(step) => ALARM[usize::from(step.min(STEPS - 1))],
            Colour::OnLow => RGBColor(0x1C, 0x28, 0x34),
            Colour::OnHigh => RGBColor(0xFE, 0xFE, 0xFE),
        }
    }

    /// As it stands in a picture.
    pub fn hex(self) -> String {
        let RGBColor(r, g, b) = self.rgb();
        format!("#{r:02X}{g:02X}{b:02X}")
    }
}

/// For which screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A page.
    Wide,
    /// A phone.
    Narrow,
}

impl Size {
    fn width(self) -> i32 {
        match self {
            Size::Wide => 760,
            Size::Narrow => 340,
        }
    }
}

/// Text size of everything in a chart, in pixels.
const FONT: f64 = 12.0;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// A picture without its outermost tag, and its height.
pub struct Picture {
    /// Marks, escaped by plotters.
    pub marks: String,
    /// Width and height.
    pub size: (i32, i32),
}

fn draw(size: (i32, i32), paint: impl FnOnce(&Area<'_>) -> Drawn) -> Picture {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, (size.0.unsigned_abs(), size.1.unsigned_abs())).into_drawing_area();
        paint(&area).and_then(|()| area.present().map_err(Into::into))
    };
    // A picture goes to memory, and its coordinates are numbers: there is nothing that could fail.
    debug_assert!(drawn.is_ok(), "{drawn:?}");
    let marks = svg.split_once('>').and_then(|(_, rest)| rest.trim_end().strip_suffix("</svg>")).unwrap_or_default();
    Picture { marks: marks.to_owned(), size }
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), colour: Colour, place: (HPos, VPos), upright: bool) -> Drawn {
    // plotters takes the size of a box and writes the size of the letters.
    let font = ("sans-serif", FONT * 1.24).into_font();
    let font = if upright { font.transform(FontTransform::Rotate270) } else { font };
    let rgb = colour.rgb();
    let style = TextStyle::from(font).color(&rgb).pos(Pos::new(place.0, place.1));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

fn block(area: &Area<'_>, from: (i32, i32), to: (i32, i32), colour: Colour) -> Drawn {
    area.draw(&Rectangle::new([from, to], colour.rgb().filled()))?;
    Ok(())
}

fn added(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::saturating_add)
}

/// How wide a text is, about; a little too much rather than too little.
fn width_of(text: &str) -> f64 {
    text.chars().map(|c| if c.width() == Some(2) { 1.0 } else { 0.64 }).sum::<f64>() * FONT
}

/// Takes out of the middle what there is no room for: both ends of a name tell more.
fn fit(text: &str, room: i32) -> String {
    if width_of(text) <= f64::from(room) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let mut kept = chars.len();
    while kept > 1 {
        kept -= 1;
        let head = kept.div_ceil(2);
        let shorter: String =
            chars[..head].iter().copied().chain(['…']).chain(chars[chars.len() - (kept - head)..].iter().copied()).collect();
        if width_of(&shorter) <= f64::from(room) {
            return shorter;
        }
    }
    "…".to_owned()
}

/// What stands below a column: a text, and a second line where the day changes.
pub struct Tick {
    /// `10:00` or `11-20`.
    pub text: String,
    /// `11-20`, or empty.
    pub day: String,
}

/// Columns over time, one stack for each bucket; the first series stands at the bottom.
pub fn columns(ticks: &[Tick], series: &[(Colour, Vec<u64>)], amount: fn(u64) -> String, size: Size) -> Picture {
    let (width, height) = (size.width(), if size == Size::Wide { 240 } else { 200 });
    let count = ticks.len().max(1);
    let sums = (0..ticks.len()).map(|index| added(series.iter().map(|(_, values)| values.get(index).copied().unwrap_or(0))));
    let top = sums.max().unwrap_or(0).max(1) as f64 * 1.05;
    draw((width, height), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(10)
            .margin_right(4)
            .x_label_area_size(34)
            .y_label_area_size(58)
            .build_cartesian_2d(0f64..count as f64, 0f64..top)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(5)
            .y_max_light_lines(0)
            .bold_line_style(Colour::Grid.rgb())
            .axis_style(Colour::Grid.rgb())
            .y_label_style(TextStyle::from(("sans-serif", FONT * 1.24).into_font()).color(&Colour::Muted.rgb()))
            .y_label_formatter(&|value: &f64| if value.fract() == 0.0 { amount(*value as u64) } else { String::new() })
            .draw()?;
        let mut floor = vec![0u64; ticks.len()];
        for (colour, values) in series {
            let marks = values.iter().zip(&mut floor).enumerate().filter(|(_, (value, _))| **value > 0).map(|(index, (value, floor))| {
                let low = *floor;
                *floor = floor.saturating_add(*value);
                let gap = if count > 60 { 0.0 } else { 0.1 };
                Rectangle::new([(index as f64 + gap, *floor as f64), (index as f64 + 1.0 - gap, low as f64)], colour.rgb().filled())
            });
            chart.draw_series(marks.collect::<Vec<_>>())?;
        }
        let widest = ticks.iter().map(|tick| width_of(&tick.text).max(width_of(&tick.day))).fold(1.0, f64::max) + 14.0;
        let room = (f64::from(width - 62) / widest).max(1.0);
        let every =
            [1, 2, 3, 4, 6, 8, 12, 24, 48].into_iter().find(|every| count as f64 / f64::from(*every) <= room).unwrap_or(96) as usize;
        let mut day = "";
        for (index, tick) in ticks.iter().enumerate().step_by(every) {
            let (x, _) = chart.plotting_area().map_coordinate(&(index as f64 + 0.5, 0.0));
            // The last label must not stick out of the picture.
            let x = x.min(width - (widest / 2.0) as i32 + 6);
            text(area, &tick.text, (x, height - 30), Colour::Muted, (HPos::Center, VPos::Top), false)?;
            if tick.day != day {
                text(area, &tick.day, (x, height - 15), Colour::Muted, (HPos::Center, VPos::Top), false)?;
                day = &tick.day;
            }
        }
        Ok(())
    })
}

/// One bar and what stands beside it.
pub struct Bar {
    /// What it is.
    pub label: String,
    /// Its parts from left to right.
    pub parts: Vec<(Colour, u64)>,
    /// How much it is, for people.
    pub amount: String,
}

/// Bars to the right, one below the other.
pub fn bars(rows: &[Bar], size: Size) -> Picture {
    let width = size.width();
    let most = rows.iter().map(|row| added(row.parts.iter().map(|(_, part)| *part))).max().unwrap_or(0).max(1);
    let widest = |texts: &dyn Fn(&Bar) -> f64| rows.iter().map(texts).fold(0.0, f64::max).ceil() as i32;
    let amounts = widest(&|row| width_of(&row.amount)) + 8;
    let (step, thick) = if size == Size::Wide { (26, 16) } else { (40, 12) };
    let labels = if size == Size::Wide { widest(&|row| width_of(&row.label)).min(330) + 8 } else { 0 };
    let room = if size == Size::Wide { width - labels - amounts } else { width };
    draw((width, step * rows.len() as i32 + 4), |area| {
        for (index, row) in rows.iter().enumerate() {
            let top = index as i32 * step + 2;
            let (bar, end) = if size == Size::Wide {
                text(
                    area,
                    &fit(&row.label, labels - 8),
                    (labels - 8, top + step / 2 - 2),
                    Colour::Ink,
                    (HPos::Right, VPos::Center),
                    false,
                )?;
                (top + (step - thick) / 2 - 2, width)
            } else {
                text(area, &fit(&row.label, width - amounts - 4), (0, top + 2), Colour::Ink, (HPos::Left, VPos::Top), false)?;
                text(area, &row.amount, (width, top + 2), Colour::Muted, (HPos::Right, VPos::Top), false)?;
                (top + 19, width)
            };
            let (mut from, mut sum) = (labels, 0u64);
            for (colour, part) in row.parts.iter().filter(|(_, part)| *part > 0) {
                sum = sum.saturating_add(*part);
                let to = labels + (f64::from(room) * sum as f64 / most as f64).round() as i32;
                // What is there must be seen, however small.
                let to = to.max(from + 1).min(end);
                block(area, (from, bar), (to, bar + thick), *colour)?;
                from = to;
            }
            if size == Size::Wide {
                text(area, &row.amount, (from + 6, top + step / 2 - 2), Colour::Muted, (HPos::Left, VPos::Center), false)?;
            }
        }
        Ok(())
    })
}

/// A cell of a heat map.
pub struct Cell {
    /// Its colour; `None`: empty.
    pub colour: Option<Colour>,
    /// What stands in it where there is room.
    pub text: String,
}

/// Rows and columns of cells.
pub fn heat_map(names: &[String], cells: &[Vec<Cell>], size: Size) -> Picture {
    let width = size.width();
    let count = names.len().max(1) as i32;
    let longest = names.iter().map(|name| width_of(name)).fold(0.0, f64::max).ceil() as i32;
    let (left, above) =
        if size == Size::Wide { (longest.min(170) + 10, longest.min(120) + 10) } else { (longest.min(96) + 8, longest.min(96) + 8) };
    // Few groups must not make giants of their cells.
    let side = ((width - left) / count).min(64);
    let tall = if size == Size::Wide { side.min(30) } else { side.clamp(16, 30) };
    draw((width, above + tall * count + 2), |area| {
        for (index, name) in names.iter().enumerate() {
            let (x, y) = (left + side * index as i32 + side / 2, above + tall * index as i32 + tall / 2);
            text(area, &fit(name, above - 10), (x, above - 5), Colour::Ink, (HPos::Left, VPos::Center), true)?;
            text(area, &fit(name, left - 8), (left - 6, y), Colour::Ink, (HPos::Right, VPos::Center), false)?;
        }
        for (row, cells) in cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (x, y) = (left + side * column as i32, above + tall * row as i32);
                let Some(colour) = cell.colour else {
                    block(area, (x + side / 2 - 1, y + tall / 2 - 1), (x + side / 2 + 1, y + tall / 2 + 1), Colour::Grid)?;
                    continue;
                };
                block(area, (x + 1, y + 1), (x + side - 1, y + tall - 1), colour)?;
                if width_of(&cell.text) + 4.0 <= f64::from(side) && tall >= 16 {
                    let on = match colour {
                        Colour::Heat(step) | Colour::Alarm(step) if step >= STEPS / 2 => Colour::OnHigh,
                        _ => Colour::OnLow,
                    };
                    text(area, &cell.text, (x + side / 2, y + tall / 2), on, (HPos::Center, VPos::Center), false)?;
                }
            }
        }
        Ok(())
    })
}

/// One row of small blocks for each name, oldest left.
pub fn strips(rows: &[(String, Vec<Colour>)], ends: (&str, &str), size: Size) -> Picture {
    let width = size.width();
    let count = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0).max(1) as i32;
    let longest = rows.iter().map(|(name, _)| width_of(name)).fold(0.0, f64::max).ceil() as i32;
    let (step, labels) = if size == Size::Wide { (24, longest.min(330) + 10) } else { (38, 0) };
    let room = width - labels;
    let side = (room / count).min(28);
    let height = step * rows.len() as i32 + 22;
    draw((width, height), |area| {
        for (index, (name, cells)) in rows.iter().enumerate() {
            let top = index as i32 * step + 2;
            let bar = if size == Size::Wide {
                text(area, &fit(name, labels - 10), (labels - 8, top + step / 2 - 1), Colour::Ink, (HPos::Right, VPos::Center), false)?;
                top + 3
            } else {
                text(area, &fit(name, width), (0, top + 2), Colour::Ink, (HPos::Left, VPos::Top), false)?;
                top + 18
            };
            for (number, colour) in cells.iter().enumerate() {
                let x = labels + side * number as i32;
                block(area, (x, bar), (x + side - 2, bar + 15), *colour)?;
            }
        }
        text(area, ends.0, (labels, height - 16), Colour::Muted, (HPos::Left, VPos::Top), false)?;
        let end = labels + side * count - 2;
        if f64::from(end - labels) > width_of(ends.0) + width_of(ends.1) + 12.0 {
            text(area, ends.1, (end, height - 16), Colour::Muted, (HPos::Right, VPos::Top), false)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(fit("web-01 → db-01 3306/tcp", 400), "web-01 → db-01 3306/tcp");
        let cut = fit("a-very-long-source-name → a-very-long-destination-name 3306/tcp", 200);
        assert!(cut.starts_with("a-very") && cut.ends_with("3306/tcp") && cut.contains('…') && width_of(&cut) <= 200.0, "{cut}");
        assert_eq!(fit("資料庫伺服器", 1), "…");
    }

    #[test]
    fn every_colour_is_its_own() {
        let mut seen: Vec<String> = Colour::all().map(|(colour, _)| colour.hex()).collect();
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn nothing_breaks_out_of_a_picture() {
        let hostile = "</text></svg><script>alert(1)</script>\"'&";
        let bar = Bar { label: hostile.to_owned(), parts: vec![(Colour::Blocked, u64::MAX); 2], amount: hostile.to_owned() };
        for size in [Size::Wide, Size::Narrow] {
            let picture = bars(std::slice::from_ref(&bar), size);
            assert!(!picture.marks.contains("<script") && !picture.marks.contains("</svg>"), "{}", picture.marks);
        }
    }
}
