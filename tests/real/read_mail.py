"""Reads a mail as a mail program does and prints what it finds as JSON: headers, parts, tags of the HTML.

    read_mail.py FILE
"""

import email
import email.policy
import html.parser
import json
import pathlib
import sys


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.links, self.text = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for key, value in attrs if key in ("href", "src")]
        self.tags |= {key for key, _ in attrs if key.startswith("on")}

    def handle_data(self, data):
        self.text.append(data)


def main():
    message = email.message_from_bytes(pathlib.Path(sys.argv[1]).read_bytes(), policy=email.policy.default)
    plain = message.get_body(("plain",))
    rich = message.get_body(("html",))
    page = Page()
    page.feed(rich.get_content())
    defects = [str(defect) for part in message.walk() for defect in part.defects]
    print(
        json.dumps(
            {
                "headers": [[key, str(value)] for key, value in message.items()],
                "defects": defects,
                "types": [part.get_content_type() for part in message.walk()],
                "plain": plain.get_content(),
                "tags": sorted(page.tags),
                "links": page.links,
                "text": "".join(page.text),
            }
        )
    )


if __name__ == "__main__":
    main()
