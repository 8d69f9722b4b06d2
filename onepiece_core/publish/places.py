"""The two places of one version, and what stands there now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import DestinationExists, ManifestError, ObjectMissing, VersionExists
from onepiece_core.manifest.package import MANIFEST_NAME, PackageManifest, load_manifest
from onepiece_core.publish.claims import ClaimPlace, DiskClaims, StoreClaims
from onepiece_core.publish.record import ONEPIECE_FOLDER, RECORD_NAME, disk_folder
from onepiece_core.storage.store import Store


@dataclass(frozen=True)
class VersionPlaces:
    """Where one version lives.

    Attributes:
        destination: the folder that holds the package's folder.
        bucket: the store's name, as ``open_store`` takes it.
        prefix: the package's key prefix in ``store``, without a trailing slash.
    """

    scene_name: str
    destination: Path
    store: Store
    bucket: str
    prefix: str

    @property
    def package(self) -> Path:
        return self.destination / self.scene_name

    @property
    def s3_uri(self) -> str:
        return f"{self.store.uri}/{self.prefix}"

    @property
    def work_folder(self) -> Path:
        """Claim, stage and record on disk."""
        return disk_folder(self.destination, self.scene_name)

    def key(self, relative: str) -> str:
        return f"{self.prefix}/{relative}"

    def hidden_key(self, name: str) -> str:
        """A key that ``verify`` ignores."""
        return f"{self.prefix}/{ONEPIECE_FOLDER}/{name}"

    def claims(self) -> tuple[ClaimPlace, ClaimPlace]:
        """The store's first: when it cannot be reached, nothing has been written to the disk."""
        return StoreClaims(self.store, self.prefix), DiskClaims(self.work_folder, self.destination)

    def has_records(self) -> list[bool]:
        """Whether an operation record lies in the store and on the disk."""
        stored = self.store.find(self.hidden_key(RECORD_NAME)) is not None
        return [stored, (self.work_folder / RECORD_NAME).exists()]

    def disk_manifest(self) -> PackageManifest | None:
        """The manifest of the package on disk; None when there is no folder.

        Raises DestinationExists for a folder that is not a package.
        """
        if not self.package.is_symlink() and not self.package.exists():
            return None
        path = self.package / MANIFEST_NAME
        try:
            return load_manifest(path.read_bytes(), where=str(path))
        except (OSError, ManifestError) as error:
            raise DestinationExists(
                f"{self.package} is there already and is not a package of OnePiece.", path=str(self.package)
            ) from error

    def stored_manifest(self) -> PackageManifest | None:
        """The manifest of the package in the store; None where there is none.

        Raises DestinationExists when the object of that name is something else.
        """
        key = self.key(MANIFEST_NAME)
        try:
            data, _ = self.store.read(key)
        except ObjectMissing:
            return None
        try:
            return load_manifest(data, where=f"{self.s3_uri}/{MANIFEST_NAME}")
        except ManifestError as error:
            raise DestinationExists(
                f"{self.s3_uri} is there already and is not a package of OnePiece.", path=self.s3_uri
            ) from error

    def refuse_others(self, operation: str | None) -> tuple[PackageManifest | None, PackageManifest | None]:
        """The manifests on disk and in the store, if any, of this operation.

        Raises VersionExists for another publish's, DestinationExists for a folder that is no package.
        """
        # The store is asked first: when it is away, that is what the artist must hear.
        stored = self.stored_manifest()
        on_disk = self.disk_manifest()
        for manifest, where in ((stored, self.s3_uri), (on_disk, str(self.package))):
            if manifest is not None and manifest.operation != operation:
                raise VersionExists(
                    f"{self.scene_name} is published already by {manifest.created_by}.",
                    state="finished",
                    place=where,
                    operation=manifest.operation,
                    user=manifest.created_by,
                    since=manifest.created_at,
                )
        return on_disk, stored
