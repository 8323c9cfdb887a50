"""rq jobs of the archive."""

from tollgate_reports.job_context import job_engine, job_settings


def archive() -> None:
    """Move the months that are due into files, daily; nothing where there is no place for them."""
    settings = job_settings()
    if settings.ledger_archive_url is None:
        return
    from tollgate_reports.archives.files import Folder
    from tollgate_reports.archives.service import Archive

    folder = Folder(settings.ledger_archive_url)
    for _ in Archive(job_engine(), folder, settings.ledger_keep_months).run():
        pass
