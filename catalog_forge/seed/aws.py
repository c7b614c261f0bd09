"""Clients of DynamoDB and SSM Parameter Store, based on botocore, which itself finds the region, credentials and endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog_forge.errors import extra
from catalog_forge.seed.store import PATIENCE, Destination, denied, refuse, unclear

_DENIED = ("AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "InvalidClientTokenId")


class _Aws:
    def __init__(self, target: Destination, service: str) -> None:
        self._target = target
        self._errors: Any = extra("botocore.exceptions", "aws")
        self._unread: Any = extra("botocore.parsers", "aws").ResponseParserError
        config = extra("botocore.config", "aws").Config(
            connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"max_attempts": 2}
        )
        self._where = f"AWS ({service})"
        try:
            session = extra("botocore.session", "aws").get_session()
            self._client = session.create_client(service, config=config)
        except (self._errors.BotoCoreError, ValueError) as error:
            refuse(self._where, str(error), "AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY configure AWS access")

    def begin(self) -> None:
        """Do nothing: each request carries the credentials."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, operation: str, **options: Any) -> Any:
        try:
            return getattr(self._client, operation)(**options)
        except self._errors.NoCredentialsError:
            denied(self._where, "there are no AWS credentials")
        except self._errors.ClientError as error:
            if any(word in str(error.response["Error"]["Code"]) for word in _DENIED):
                denied(self._where)
            refuse(self._where, str(error))
        except self._errors.BotoCoreError as error:
            refuse(self._where, str(error))
        except (self._unread, AttributeError, TypeError, ValueError):
            unclear(self._where, f"it is not an answer to {operation}")

    def _pages(self, operation: str, **options: Any) -> Any:
        """Yield all pages of a paginated list."""
        key = "ExclusiveStartKey" if operation == "scan" else "NextToken"
        last = "LastEvaluatedKey" if operation == "scan" else "NextToken"
        listed = "Items" if operation == "scan" else "Parameters"
        while True:
            page = self._ask(operation, **options)
            if listed not in page:  # botocore treats a response that is truncated or not JSON as empty
                unclear(self._where, f"it is not an answer to {operation}")
            yield page[listed]
            if not page.get(last):
                return
            options[key] = page[last]


class Dynamodb(_Aws):
    """A client of DynamoDB. Each key is an item with the attributes `key` and `value` (confd's backends/dynamodb)."""

    most, room = 100, 4 << 20

    def __init__(self, target: Destination) -> None:
        super().__init__(target, "dynamodb")

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values."""
        found: dict[str, bytes] = {}
        for page in self._pages("scan", TableName=self._target.node, ConsistentRead=True):
            for item in page:
                key, value = item.get("key", {}).get("S", ""), item.get("value", {})
                if key.startswith(self._target.prefix + "/"):
                    found[key] = str(value.get("S", "")).encode() if "S" in value else b"\xff"
        return found

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform all operations in one transaction."""
        table = self._target.node
        items: list[object] = [
            {"Put": {"TableName": table, "Item": {"key": {"S": key}, "value": {"S": value}}}} for key, value in puts.items()
        ]
        items += [{"Delete": {"TableName": table, "Key": {"key": {"S": key}}}} for key in deletes]
        self._ask("transact_write_items", TransactItems=items)


class Ssm(_Aws):
    """A client of Parameter Store. Each key is a parameter, which is encrypted if the key is secret."""

    most = room = 1

    def __init__(self, target: Destination) -> None:
        super().__init__(target, "ssm")

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values."""
        asked = {"Path": self._target.prefix, "Recursive": True, "WithDecryption": True}
        return {each["Name"]: each["Value"].encode() for page in self._pages("get_parameters_by_path", **asked) for each in page}

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform one operation, a put or a delete. There is never more than one, because `most` is 1."""
        for key, value in puts.items():
            kind = "SecureString" if self._target.is_secret(key) else "String"
            self._ask("put_parameter", Name=key, Value=value, Type=kind, Overwrite=True)
        if deletes:
            self._ask("delete_parameters", Names=list(deletes))
