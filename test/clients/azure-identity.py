"""Signs in with azure-identity in the ways that are named, and says of each how it went."""

import os
import sys
from urllib.parse import urlencode
from urllib.request import urlopen

from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
    ManagedIdentityCredential,
)

env = os.environ


def prompt(address, code, _):
    typed = {"otc": code, "login": env["AZURE_USERNAME"], "passwd": env["AZURE_PASSWORD"], "answer": "approve"}
    urlopen(address, urlencode(typed).encode()).read()


def certificate(**more):
    return CertificateCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_CERTIFICATE_PATH"], **more
    )


ways = {
    "secret": lambda: ClientSecretCredential(
        env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"]
    ),
    "certificate": certificate,
    "chain": lambda: certificate(send_certificate_chain=True),
    "environment": EnvironmentCredential,
    "device": lambda: DeviceCodeCredential(prompt_callback=prompt),
    "browser": InteractiveBrowserCredential,
    "managed": ManagedIdentityCredential,
    "default": lambda: DefaultAzureCredential(exclude_environment_credential=True),
}

for way in sys.argv[1:]:
    try:
        ways[way]().get_token("https://management.azure.com/.default")
        print(way, "ok")
    except Exception as error:
        print(way, "failed:", str(error).replace("\n", " "))
