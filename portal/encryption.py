"""Text that is encrypted at rest, bound to the row it belongs to."""

from functools import lru_cache
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class DecryptionError(Exception):
    """The stored text was not encrypted for this row with any of FIELD_ENCRYPTION_KEYS."""


class EncryptedTextField(models.TextField):  # type: ignore[type-arg] # Django has no [] at run time
    """
    A text column whose database value is a Fernet token; attributes hold the plain text.

    The plain text carries its model, field and owner (the attribute named by *owner*), so that a
    token pasted into another row or column is refused with DecryptionError. Decryption waits for
    the first look at the attribute: lists that never show a secret never hold one.
    Empty text stays empty. Querysets cannot filter on it or update() it: there the owner is unknown.
    """

    def __init__(self, *args: Any, owner: str = "public_id", **kwargs: Any) -> None:
        self.owner = owner
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "owner": self.owner}

    def get_lookup(self, lookup_name: str) -> Any:
        # Searching tokens finds nothing, silently; these two ask whether there is any text at all.
        return super().get_lookup(lookup_name) if lookup_name in {"exact", "isnull"} else None

    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, name, _Decrypting(self))

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return _Token(value) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:  # noqa: FBT001
        value = model_instance.__dict__.get(self.attname)
        if not value or isinstance(value, _Token):
            return value
        return self.encrypt(value, owner=getattr(model_instance, self.owner))

    def encrypt(self, value: str, *, owner: object) -> str:
        """Return the token of *value* for the row of *owner*; for statements that save() is too slow for."""
        return _Token(_fernet().encrypt((self._label(owner) + value).encode()).decode()) if value else value

    def get_prep_value(self, value: Any) -> Any:
        if not value or isinstance(value, _Token):
            return value
        if hasattr(value, "resolve_expression"):
            return value
        raise TypeError(f"{self.name} is encrypted: save the object instead of querying by it.")

    def decrypt(self, instance: models.Model, token: "_Token") -> str:
        """
        Return the plain text of *token*.

        Raises:
            DecryptionError: no key opens it, or it was encrypted for another row or field.

        """
        label = self._label(getattr(instance, self.owner))
        try:
            plain = _fernet().decrypt(token.encode()).decode()
        except InvalidToken:
            raise DecryptionError(f"{label.strip()}: no key in FIELD_ENCRYPTION_KEYS opens it.") from None
        if not plain.startswith(label):
            raise DecryptionError(f"{label.strip()}: this value belongs to another row or field.")
        return plain.removeprefix(label)

    def _label(self, owner: object) -> str:
        return f"{self.model._meta.label}.{self.name}:{owner}\n"


class _Token(str):
    """A Fernet token, told apart from plain text by its type."""

    __slots__ = ()


class _Decrypting:
    """Decrypt on the first read of the attribute, and keep the plain text on the instance."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, _: type | None = None) -> Self | str | None:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__[self.field.attname]
        return self._plain(instance, value) if isinstance(value, _Token) else value

    def __set__(self, instance: models.Model, value: str | None) -> None:
        instance.__dict__[self.field.attname] = value

    def _plain(self, instance: models.Model, token: _Token) -> str:
        kept: dict[str, str] = instance.__dict__.setdefault(f"_decrypted_{self.field.attname}", {})
        if token not in kept:
            kept[token] = self.field.decrypt(instance, token)
        return kept[token]


def is_current(token: str) -> bool:
    """Tell whether *token* was written with the first of FIELD_ENCRYPTION_KEYS."""
    try:
        _multi_fernet(tuple(settings.FIELD_ENCRYPTION_KEYS[:1])).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def renew(token: str) -> str:
    """
    Return the token of the same text, still bound to its row, with the first key.

    Raises:
        DecryptionError: no key opens it.

    """
    try:
        return _Token(_fernet().rotate(token.encode()).decode())
    except InvalidToken:
        raise DecryptionError("No key in FIELD_ENCRYPTION_KEYS opens it.") from None


def _fernet() -> MultiFernet:
    return _multi_fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=8)
def _multi_fernet(keys: tuple[str, ...]) -> MultiFernet:
    """Build the cipher once: the first key encrypts, all decrypt."""
    return MultiFernet([Fernet(key) for key in keys])
