"""What the core refuses, in words; one table."""

from __future__ import annotations

import re

from posthouse.storage.contract import Refused

# class -> text with its args; what is not here is named by its class: NoSuchDomain("a.org"), "no such domain: a.org"
WORDS = {
    "AddressExists": "{0} is taken: it is an {1}",
    "AppPasswordExists": "there is an app password called {0}",
    "BadAddress": "'{0}' is no address: {1}",
    "BadDomain": "'{0}' is no domain: {1}",
    "BadDirectory": "{0} cannot be mapped: {1}",
    "BadHost": "'{0}' is no host: {1}",
    "BadName": "'{0}' is no name: {1}",
    "BadRights": "'{0}' is neither a preset (none, read, author, write, all, full) nor letters of lrswipkxtea",
    "BadSize": "'{0}': {1}",
    "DirectoryExists": "there is a directory {0}",
    "DkimKeyExists": "there is a key {0} of {1}",
    "DkimKeysSign": "{0} has keys; posthouse dkim rotate lets new ones follow them",
    "DkimKeysUnderWay": "new keys of {0} are there already: publish {1} and the others (posthouse dkim list {0})",
    "DomainExists": "there is a domain {0}",
    "DomainInUse": "{0} still has {1}",
    "LeadsToItself": "{0} would lead back to itself",
    "MailboxHasMessages": "{0} has messages: only an empty mailbox can become a search folder",
    "NoBackup": "{0} is no backup: {1}",
    "NoFolders": "{0} has no folders; posthouse share set {0} WHOM RIGHTS lets it have some",
    "NoNotices": "nobody is told of changes here (files.notice_minutes)",
    "NoOwner": "{0} is a group, which cannot own one",
    "NoSuchGrantee": "{0} is nobody to share with here",
    "NoSuchDkimKey": "there is no key {0} of {1}",
    "NoSuchAccountHere": "{0} is no account here",
    "NoSuchDirectory": "no directory {0} is mapped",
    "NoSuchFile": "there is no file {0}",
    "NoSuchLink": "there is no link {0}",
    "NameNotAllowed": "nothing can be called {0!r}: {1}",
    "NotAFolder": "{0} is no folder",
    "NoSuchSearchFolder": "{0} is no search folder",
    "NotEmpty": "{0} is there already; --replace would set it aside",
    "NotForSearchFolders": "a search folder cannot {0}",
    "NotHere": "{0} is no address of ours",
    "NotLasting": "those criteria cannot be a search folder's: too many, or of one session only",
    "NotPermitted": "the rights on that file are not enough for it",
    "NotInTrash": "there is no {0} in the trash",
    "OwnerHasAll": "{0} owns it and has all rights",
    "PasswordTooLong": "the password has more than {0} octets",
    "PasswordTooShort": "the password has fewer than {0} characters",
    "Refused": "{0}",
    "TooManyAccounts": "{0} may have {1} accounts and no more",
    "TooManyDirectories": "{0} directories can be mapped and no more",
    "TooManyGrants": "a folder or file can be shared with {0} people and groups and no more",
    "TooManyLinks": "an account may have {0} links and no more",
    "TooManyWatches": "{0} can be told of changes in an account's files and no more",
    "TooManySearchFolders": "an account may have {0} search folders and no more",
    "TooManyAppPasswords": "an account may have {0} app passwords and no more",
}


def words(refusal: Refused) -> str:
    """A refusal as a line, or several."""
    name = type(refusal).__name__
    if name == "BadRows":
        return "\n".join(["nothing was added:", *refusal.args])
    known = WORDS.get(name)
    if known is not None:
        return known.format(*refusal.args)
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return f"{plain}: {', '.join(str(arg) for arg in refusal.args)}" if refusal.args else plain
