"""Deploys template.yaml to the emulator of AWS, as `sam deploy` would: packages the functions, lets CloudFormation make
the stack, waits until it stands, and prints its outputs as one line of JSON.

The template is the real one; only where the code of a function lies is replaced by where it was uploaded to, which is
what packaging is.
"""

import argparse
import hashlib
import io
import json
import pathlib
import re
import sys
import time
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# As long as the slowest stack may take.
DEADLINE_S = 120


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--account", required=True, help="twelve digits; the access key, to the emulator")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--template", required=True, type=pathlib.Path)
    parser.add_argument("--packaged", required=True, type=pathlib.Path, help="folder of <function>/bootstrap")
    parser.add_argument("parameters", nargs="*", help="NAME=VALUE")
    return parser.parse_args()


class Emulator:
    def __init__(self, asked):
        self.asked = asked

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.asked.endpoint,
            region_name=self.asked.region,
            aws_access_key_id=self.asked.account,
            aws_secret_access_key="secret",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )


def zipped(binary):
    """A package as Lambda takes it; the same bytes for the same binary."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(2020, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(entry, binary)
    return packed.getvalue()


def uploaded(s3, bucket, binary):
    key = hashlib.sha256(binary).hexdigest() + ".zip"
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.put_object(Bucket=bucket, Key=key, Body=zipped(binary))
    return f"s3://{bucket}/{key}"


def packaged(s3, bucket, asked):
    """The template's text with every CodeUri replaced by the address of its package."""
    place = {"LocationConstraint": asked.region}
    try:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        pass

    def address(found):
        binary = asked.packaged / found[2] / "bootstrap"
        if not binary.is_file():
            sys.exit(f"there is no {binary}; infra/package makes it")
        return found[1] + uploaded(s3, bucket, binary.read_bytes())

    text = asked.template.read_text("utf-8")
    return re.sub(r"^( *CodeUri: )target/lambda-dist/([a-z0-9-]+)/$", address, text, flags=re.MULTILINE)


def wait_until_it_stands(cloudformation, stack):
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if found["StackStatus"] == "CREATE_COMPLETE":
            return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
            failed = [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
                for event in events
                if event["ResourceStatus"].endswith("_FAILED")
            ]
            sys.exit(f"stack {stack} is {found['StackStatus']}: " + "; ".join(failed))
        time.sleep(0.05)
    sys.exit(f"stack {stack} did not stand within {DEADLINE_S} s")


def main():
    asked = arguments()
    emulator = Emulator(asked)
    s3 = emulator.client("s3")
    # Names of buckets are the whole world's.
    bucket = f"packages-{asked.account}"
    template = packaged(s3, bucket, asked)
    parameters = [parameter.split("=", 1) for parameter in asked.parameters]
    # By its address: it is longer than what may be handed over as text.
    key = f"{asked.stack}.template"
    s3.put_object(Bucket=bucket, Key=key, Body=template.encode("utf-8"))
    cloudformation = emulator.client("cloudformation")
    cloudformation.create_stack(
        StackName=asked.stack,
        TemplateURL=f"{asked.endpoint}/{bucket}/{key}",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters],
    )
    print(json.dumps(wait_until_it_stands(cloudformation, asked.stack)))


if __name__ == "__main__":
    main()
