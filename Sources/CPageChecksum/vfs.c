// The registration with SQLite, and the opening of files.
#include <pthread.h>
#include <string.h>

#include "layer.h"

static const char layer_name[] = "touchline-views";

const char *page_checksum_vfs(void) { return layer_name; }

sqlite3_vfs *layer_inner_vfs;

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    // Journals and temporary files live no longer than the transaction or the connection they are for.
    if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0) {
        return layer_inner_vfs->xOpen(layer_inner_vfs, name, file, flags, out_flags);
    }
    struct layer_file *self = layer_of(file);
    memset(self, 0, sizeof *self);
    self->name = name;
    sqlite3_file *inner = layer_inner(file);
    inner->pMethods = NULL;
    int code = layer_inner_vfs->xOpen(layer_inner_vfs, name, inner, flags, out_flags);
    if (code != SQLITE_OK) return code;
    if (flags & SQLITE_OPEN_MAIN_DB) {
        self->base.pMethods = &layer_database_methods;
        return SQLITE_OK;
    }
    self->base.pMethods = &layer_log_methods;
    sqlite3_file *database = sqlite3_database_file_object(name);
    if (database != NULL && database->pMethods == &layer_database_methods) self->database = layer_of(database);
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs;
    return layer_inner_vfs->xDelete(layer_inner_vfs, name, sync);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)vfs;
    return layer_inner_vfs->xAccess(layer_inner_vfs, name, flags, result);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int count, char *out) {
    (void)vfs;
    return layer_inner_vfs->xFullPathname(layer_inner_vfs, name, count, out);
}

static int vfs_randomness(sqlite3_vfs *vfs, int count, char *out) {
    (void)vfs;
    return layer_inner_vfs->xRandomness(layer_inner_vfs, count, out);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return layer_inner_vfs->xSleep(layer_inner_vfs, microseconds);
}

static int vfs_time(sqlite3_vfs *vfs, double *time) {
    (void)vfs;
    return layer_inner_vfs->xCurrentTime(layer_inner_vfs, time);
}

static int vfs_last_error(sqlite3_vfs *vfs, int count, char *out) {
    (void)vfs;
    return layer_inner_vfs->xGetLastError(layer_inner_vfs, count, out);
}

static int vfs_time_64(sqlite3_vfs *vfs, sqlite3_int64 *time) {
    (void)vfs;
    return layer_inner_vfs->xCurrentTimeInt64(layer_inner_vfs, time);
}

// No xDlOpen and its kin: views load no extensions.
static sqlite3_vfs layer = {
    .iVersion = 2,
    .zName = layer_name,
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
    .xGetLastError = vfs_last_error,
    .xCurrentTimeInt64 = vfs_time_64,
};

static int install_code;

static void install(void) {
    // So that names may say which layer they want. Refused when SQLite is in use already; it may be on all the same,
    // and page_checksum_prepare sees whether a file came through the layer.
    (void)sqlite3_config(SQLITE_CONFIG_URI, 1);
    layer_inner_vfs = sqlite3_vfs_find(NULL);
    if (layer_inner_vfs == NULL || layer_inner_vfs->iVersion < 2) {
        install_code = SQLITE_ERROR;
        return;
    }
    layer.mxPathname = layer_inner_vfs->mxPathname;
    layer.szOsFile = (int)sizeof(struct layer_file) + layer_inner_vfs->szOsFile;
    install_code = sqlite3_vfs_register(&layer, 0);
}

int page_checksum_install(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    return install_code;
}

int page_checksum_prepare(void *connection) {
    sqlite3 *db = connection;
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (file == NULL || file->pMethods != &layer_database_methods) return SQLITE_MISUSE;
    sqlite3_int64 size;
    code = file->pMethods->xFileSize(file, &size);
    if (code != SQLITE_OK || size > 0) return code;
    int bytes = PAGE_CHECKSUM_TRAILER_BYTES;
    return sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}
