//! Patterns with `*`, `?`, `[..]` and `{..}`, compiled in a way that refuses what the library would panic at.

use globset::{GlobBuilder, GlobMatcher, GlobSetBuilder};

/// Bytes of a pattern; its compiled form is a few hundred times as large.
const LONGEST: usize = 10_000;

/// Compiles a pattern. `fold_case` makes it blind to upper and lower case. The error does not repeat the pattern.
pub fn matcher(text: &str, fold_case: bool) -> Result<GlobMatcher, String> {
    if text.len() > LONGEST {
        return Err(tr!("it is longer than {longest} bytes", longest = LONGEST));
    }
    let glob =
        GlobBuilder::new(text).case_insensitive(fold_case).literal_separator(false).build().map_err(|error| error.kind().to_string())?;
    // A pattern may be well-formed and too deep or too large to be compiled: only a set says so instead of panicking.
    GlobSetBuilder::new().add(glob.clone()).build().map_err(|_| tr!("it is nested too deeply or is too large"))?;
    Ok(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_compiled_is_refused() {
        assert!(matcher("web-{01,02}*", false).unwrap().is_match("web-02.example.com"));
        assert!(matcher("WEB*", true).unwrap().is_match("web-02"));
        let deep = |levels: usize| format!("{}b{}", "{a,".repeat(levels), "}".repeat(levels));
        for levels in [60, 120, 126, 200, 300, 1_000, 4_000] {
            let _ = matcher(&deep(levels), false);
        }
        assert!(matcher(&deep(126), false).is_err());
        assert!(matcher(&"?".repeat(9_999), false).is_ok());
        assert!(matcher(&"[a-z]".repeat(1_999), true).is_ok());
        assert!(matcher(&"*".repeat(10_001), false).is_err());
        assert!(matcher("a[", false).is_err());
    }
}
