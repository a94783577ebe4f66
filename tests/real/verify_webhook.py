"""Verifies a webhook with the Standard Webhooks project's own library.

    verify_webhook.py SECRET < {"headers": {...}, "body": "..."}

Prints the type of the message when the signature is right and ends with 1 when it is not. The library
refuses old time stamps, so the message must have been made just now.
"""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def main():
    given = json.load(sys.stdin)
    try:
        payload = Webhook(sys.argv[1]).verify(given["body"], given["headers"])
    except WebhookVerificationError as error:
        print(error)
        return 1
    print(payload["type"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
