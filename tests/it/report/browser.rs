//! The page in a real browser: Chromium, as Debian packages it (`tests/real/packages.txt`).
//!
//! Where it is missing these tests say that they did not run; with `PCEMON_REQUIRE_REAL=1` they fail then.

use super::{ask, records, room};
use crate::channels::real_services::program;
use serde_json::Value;
use std::process::Command;

/// Looks at the page in a frame of a given width: what sticks out, what lies on what, what went wrong.
const WRAPPER: &str = r##"<!DOCTYPE html><meta charset="utf-8"><body><iframe id="f" style="width:WIDTHpx;height:900px;border:0"></iframe>
<pre id="out"></pre><script>
const frame = document.getElementById("f"), trouble = [];
frame.onload = () => {
  const doc = frame.contentDocument, root = doc.documentElement;
  if (root.scrollWidth > root.clientWidth) trouble.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  let pictures = 0, texts = 0;
  for (const svg of doc.querySelectorAll("svg")) {
    const box = svg.getBoundingClientRect();
    if (box.width === 0) continue;
    pictures += 1;
    if (Math.abs(box.width / svg.viewBox.baseVal.width - 1) > 0.35) trouble.push(`a picture is scaled from ${svg.viewBox.baseVal.width} to ${box.width}`);
    const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent.trim(), text.getBoundingClientRect()]);
    texts += boxes.length;
    for (const [name, one] of boxes) {
      if (one.left < box.left - 1 || one.right > box.right + 1 || one.top < box.top - 2 || one.bottom > box.bottom + 2) trouble.push(`'${name}' sticks out of its picture`);
    }
    boxes.forEach(([name, one], index) => boxes.slice(index + 1).forEach(([other, two]) => {
      const across = Math.min(one.right, two.right) - Math.max(one.left, two.left), down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      if (across > 1 && down > 4) trouble.push(`'${name}' lies on '${other}'`);
    }));
  }
  for (const element of doc.querySelectorAll("h1,h2,p,li,dt,dd,figcaption,summary")) {
    const box = element.getBoundingClientRect();
    if (box.width > 0 && box.right > root.clientWidth + 1) trouble.push(`'${element.textContent.slice(0, 40)}' sticks out of the page`);
  }
  document.getElementById("out").textContent = JSON.stringify({pictures, texts, trouble, lang: root.lang, dark: matchMedia("(prefers-color-scheme:dark)").matches,
    background: getComputedStyle(doc.body).backgroundColor});
};
frame.src = "report.html";
</script></body>"##;

#[test]
fn it_reads_well_on_a_desk_and_on_a_phone_in_both_languages() {
    let Some(chromium) = program("chromium") else { return };
    let room = room(&records(9, 20_000));
    room.write("health.json", r#"[{"fqdn":"pce.example","status":"normal","nodes":[]}]"#);
    for lang in ["en", "zh-TW"] {
        for since in ["24h", "7d"] {
            ask(&room, &["--health", "health.json", "--since", since, "--lang", lang, "--out", "report.html"]).exits(0);
            for (width, dark) in [(1280, false), (390, true), (360, false)] {
                room.write("wrapper.html", WRAPPER.replace("WIDTH", &width.to_string()));
                let mut browser = Command::new(&chromium);
                let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                             --disable-component-update --disable-sync --allow-file-access-from-files --virtual-time-budget=20000 --dump-dom";
                browser.args(flags.split_whitespace()).arg("--window-size=1400,1000");
                browser.arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)));
                browser.arg(format!("--user-data-dir={}", room.path("profile").display()));
                browser.arg(format!("file://{}", room.path("wrapper.html").display()));
                let output = browser.env("HOME", room.path("tmp")).output().unwrap();
                let text = String::from_utf8_lossy(&output.stdout);
                let found = text.split_once("<pre id=\"out\">").and_then(|(_, rest)| rest.split_once("</pre>")).map(|(found, _)| found);
                let found = found.unwrap_or_default().replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&");
                let found: Value = serde_json::from_str(&found).unwrap_or_else(|error| {
                    panic!("{error}: the page was not looked at:\n{text}\n{}", String::from_utf8_lossy(&output.stderr))
                });
                assert_eq!(found["trouble"], serde_json::json!([]), "{lang} {since} {width}");
                assert_eq!(found["lang"], lang);
                assert!(found["pictures"].as_u64().unwrap() >= 8 && found["texts"].as_u64().unwrap() > 100, "{found}");
                let background = found["background"].as_str().unwrap();
                assert_eq!(background == "rgb(255, 255, 255)", !dark, "{background}");
            }
        }
    }
}
