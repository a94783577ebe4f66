//! Pages of the PCE's web console.
//!
//! They are documented nowhere; programs that link to them say `https://PCE:8443/#/workloads/ID` of a workload. Of other
//! things there is no such word, so there is no link to them.

use url::Url;
use uuid::Uuid;

/// The console's page of what the PCE calls `href`; `None`: there is none that is known, or it is not an href of a workload.
///
/// The href comes from an answer: only the id is taken of it, and only one in the form of all ids.
pub fn page(pce: &str, href: &str) -> Option<String> {
    let pce = Url::parse(pce).ok().filter(|pce| matches!(pce.scheme(), "https" | "http") && pce.host_str().is_some())?;
    let (org, id) = href.strip_prefix("/orgs/")?.split_once("/workloads/")?;
    if org.is_empty() || !org.bytes().all(|byte| byte.is_ascii_digit()) || id.len() != 36 {
        return None;
    }
    let id = Uuid::try_parse(id).ok()?.hyphenated();
    Some(format!("{}/#/workloads/{id}", pce.origin().ascii_serialization()))
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn only_a_workload_of_the_usual_form_has_a_page() {
        let (pce, id) = ("https://pce.example.com:8443", "f8b9a4c2-0d6e-4b6c-9d0a-1f2e3d4c5b6a");
        assert_eq!(page(pce, &format!("/orgs/1/workloads/{id}")), Some(format!("{pce}/#/workloads/{id}")));
        let hostile = [
            format!("/orgs/1/vens/{id}"),
            format!("/orgs/x/workloads/{id}"),
            format!("/orgs/1/workloads/{id}/../../evil"),
            format!("/orgs/1/workloads/{id}\" onclick=\"x"),
            "/orgs/1/workloads/javascript:alert(1)".to_owned(),
            "https://evil.example.com/orgs/1/workloads/x".to_owned(),
            String::new(),
        ];
        for href in hostile {
            assert_eq!(page(pce, &href), None, "{href}");
        }
        assert_eq!(page("", &format!("/orgs/1/workloads/{id}")), None);
    }
}
