"""What a person does in a browser: opens the address, fills in name and password, and follows where it leads."""

import html
import os
import re
import sys
from urllib.parse import urlencode, urljoin
from urllib.request import urlopen


def form(page):
    action = html.unescape(re.search(r'<form method="post" action="([^"]*)"', page).group(1))
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return action, {html.unescape(key): html.unescape(value) for key, value in fields}


def post(address, fields):
    return urlopen(address, urlencode(fields).encode()).read().decode()


address = sys.argv[1]
page = urlopen(address).read().decode()
action, fields = form(page)
typed = {"login": os.environ["AZURE_USERNAME"], "passwd": os.environ["AZURE_PASSWORD"], "answer": "approve"}
page = post(urljoin(address, action), {**fields, **typed})
# MSAL wants the answer posted to the port that it listens on.
if 'method="post"' in page:
    post(*form(page))
