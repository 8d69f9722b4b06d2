"""``onepiece shotgrid deliver`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onepiece_cli.many_values import spread
from tests.support.deliveries import DeliveryWorld
from tests.support.receivers import Hook, Mail
from tests.support.receivers import serving as receiving

MANY = frozenset({"--episodes"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--episodes A B --json", "--episodes A --episodes B --json"),
        ("--episodes A --episodes B", "--episodes A --episodes B"),
        ("--episodes=A B", "--episodes=A --episodes B"),
        ("--output X --episodes A B C", "--output X --episodes A --episodes B --episodes C"),
        ("--output X -v", "--output X -v"),
    ],
)
def test_several_values_may_follow_one_option(typed: str, meant: str):
    assert spread(typed.split(), MANY) == meant.split()


@pytest.fixture
def world(studio, tmp_path: Path) -> DeliveryWorld:
    made = DeliveryWorld.of(studio.env, tmp_path / "world")
    project = made.project()
    for number in (1, 2, 3):
        episode = made.tracker.create("Episode", {"project": project, "code": f"EP0{number}"})
        sequence = made.tracker.create("Sequence", {"project": project, "code": f"sc0{number}", "episode": episode})
        made.tracker.create("Shot", {"project": project, "code": f"00{number}0", "sg_sequence": sequence})
        made.publish(f"comp{number}_v001", shot=f"00{number}0")
    return made


def deliver(run, world: DeliveryWorld, *more: str):
    command = ["shotgrid", "deliver", "--project", world.code, "--context", "vendor_out"]
    return run(*command, "--output", str(world.root / "out.zip"), "--json", *more)


def test_episodes_are_chosen_whatever_their_case_and_the_dry_run_writes_nothing(studio_onepiece, world):
    told = deliver(studio_onepiece, world, "--episodes", "ep01", "EP02", "--dry-run")
    assert told.returncode == 0, told.stderr
    assert [version["code"] for version in json.loads(told.stdout)["versions"]] == ["comp1_v001", "comp2_v001"]
    assert not (world.root / "out.zip").exists()
    assert (world.stored(), world.deliveries()) == ({}, [])


def test_a_refused_version_is_named_and_the_status_says_so(studio_onepiece, world):
    frame = world.root / "published" / "comp2_v001" / "FG_ep010_sc02_0010_comp_v004" / "renders" / "comp2_v001.1002.exr"
    frame.write_bytes(frame.read_bytes() + b"more")
    told = deliver(studio_onepiece, world)
    assert told.returncode == 2, told.stderr
    answer = json.loads(told.stdout)
    assert (answer["delivered"], answer["refused"]) == (["comp1_v001", "comp3_v001"], ["comp2_v001"])
    assert (world.root / "out.receipt.json").exists()


def test_a_manifest_that_came_with_the_media_is_told_by_an_option(studio_onepiece, world):
    path = world.root / "bare.wav"
    path.write_bytes(b"sound")
    world.version("bare_v001", shot="0010", sg_path_to_movie=str(path))
    rows = f"show,version,delivery_path,checksum\n{world.code},1,bare.wav,md5:{'0' * 32}\n"
    (world.root / "vendor.csv").write_text(rows)
    told = deliver(studio_onepiece, world, "--upstream-manifest", str(world.root / "vendor.csv"), "--dry-run")
    assert told.returncode == 2, told.stderr
    refused = [version for version in json.loads(told.stdout)["versions"] if version["refused"]]
    assert [(each["code"], each["problems"][0]["code"]) for each in refused] == [
        ("bare_v001", "delivery.media_changed")
    ]


def test_nothing_approved_is_no_success(studio_onepiece, world):
    told = deliver(studio_onepiece, world, "--since", "2999-01-01")
    assert told.returncode == 2
    assert json.loads(told.stderr)["error"]["code"] == "delivery.nothing"


def test_a_rule_chooses_who_is_told_of_a_delivery_and_the_same_one_again_is_not_told(studio_onepiece, world):
    hook, mail = Hook(), Mail()
    with receiving(hook) as port, receiving(mail) as mail_port:
        settings = f'[notify]\nwebhook_url = "http://127.0.0.1:{port}/h"\nsmtp_host = "127.0.0.1"\n'
        settings += f'smtp_port = {mail_port}\nsmtp_starttls = false\nmail_from = "show@studio.test"\n'
        settings += '[notify.rules.delivery_sent]\nchannels = ["email"]\nto = ["client@studio.test"]\n'
        (world.root / "onepiece.toml").write_text(settings)
        for _ in range(2):
            told = deliver(studio_onepiece, world, "--episodes", "EP01")
            assert told.returncode == 0, told.stderr
    (text,) = mail.taken
    assert "To: client@studio.test" in text
    assert "comp1_v001" in text
    assert hook.taken == []
