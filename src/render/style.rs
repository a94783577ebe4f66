//! How the reader of an output wants it.

/// How the reader wants it.
#[derive(Debug, Clone)]
pub struct Style {
    /// Whether colours may be used (only `table` does).
    pub color: bool,
    /// Columns of the terminal; `None`: no limit.
    pub width: Option<u16>,
    /// Zone of the times shown to people. Machines get UTC.
    pub timezone: jiff::tz::TimeZone,
    /// Say nothing when the exit code is 0, else only what is not ok (only `table`; a machine that asks wants an answer).
    pub quiet: bool,
    /// Show what is left out otherwise: rules that are ok or switched off, and the messages of a dry run.
    pub verbose: bool,
    /// Where the rules are, for formats that point at a line of a file.
    pub config_path: String,
    /// What `nagios` draws.
    pub perfdata: Perfdata,
}

/// Performance data of `nagios`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Perfdata {
    /// Counts, and the value of every rule
    #[default]
    Rules,
    /// How many rules are how bad, and how long the run took
    Counts,
    /// None
    None,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            color: false,
            width: None,
            timezone: jiff::tz::TimeZone::UTC,
            quiet: false,
            verbose: false,
            config_path: "rules.toml".to_owned(),
            perfdata: Perfdata::default(),
        }
    }
}
