"""What a service is given as a credential is a layer of the settings."""

from pathlib import Path

from core.base.settings import CREDENTIAL, read_layers


def test_a_services_credential_stands_above_files_and_below_the_environment(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / CREDENTIAL).write_text("SUPABASE_KEY=kept\nSUPABASE_URL=there\n")
    (tmp_path / ".env.local").write_text("SUPABASE_KEY=local\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"), "SUPABASE_URL": "here"}
    layers = read_layers(directory=tmp_path, environ=environ, path=tmp_path / "none.toml")
    assert (layers.first("SUPABASE_KEY"), layers.first("SUPABASE_URL")) == ("kept", "here")
    assert str(layers.origin("SUPABASE_KEY")) == "SUPABASE_KEY (in the credential)"
    elsewhere = environ | {"CREDENTIALS_DIRECTORY": str(tmp_path / "gone")}
    assert (
        read_layers(directory=tmp_path, environ=elsewhere, path=tmp_path / "none.toml").first("SUPABASE_KEY") == "local"
    )
