/*
 * A stand-in for the vendor library of a GM/T 0016 (SKF) token: one device, one application, one container with one SM2
 * key. It does real SM2 with libcrypto and misbehaves as its control file says. The functions of libcrypto are declared
 * here, so that no development package is needed.
 *
 * Compiled with -DSTAND_IN_FOLDER="...": there it reads `control` (lines of name=value) at every call, keeps the tries left
 * in `tries` and appends the name of every function called to `calls`. -DWIDE_ULONG makes ULONG 64 bits wide, as some
 * vendors on Linux have it; -DLEFT_ALIGNED puts 32-byte numbers at the front of their 64 bytes.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef WIDE_ULONG
typedef uint64_t ULONG;
#else
typedef uint32_t ULONG;
#endif
typedef int32_t BOOL;
typedef uint8_t BYTE;
typedef char *LPSTR;
typedef void *HANDLE;

#pragma pack(push, 1)
typedef struct { ULONG BitLen; BYTE X[64]; BYTE Y[64]; } ECCPUBLICKEYBLOB;
typedef struct { BYTE r[64]; BYTE s[64]; } ECCSIGNATUREBLOB;
typedef struct { BYTE version[2]; char manufacturer[64]; char issuer[64]; char label[32]; char serial[32]; BYTE rest[128]; } DEVINFO;
#pragma pack(pop)

#define SAR_OK 0x00000000
#define SAR_FAIL 0x0A000001
#define SAR_INVALIDHANDLEERR 0x0A000005
#define SAR_INDATALENERR 0x0A000010
#define SAR_BUFFER_TOO_SMALL 0x0A000020
#define SAR_DEVICE_REMOVED 0x0A000023
#define SAR_PIN_INCORRECT 0x0A000024
#define SAR_PIN_LOCKED 0x0A000025
#define SAR_USER_NOT_LOGGED_IN 0x0A00002D
#define SAR_APPLICATION_NOT_EXISTS 0x0A00002E

typedef struct bignum_st BIGNUM;
typedef struct bignum_ctx BN_CTX;
typedef struct ec_group_st EC_GROUP;
typedef struct ec_point_st EC_POINT;
#define NID_sm2 1172
EC_GROUP *EC_GROUP_new_by_curve_name(int nid);
const BIGNUM *EC_GROUP_get0_order(const EC_GROUP *group);
EC_POINT *EC_POINT_new(const EC_GROUP *group);
int EC_POINT_mul(const EC_GROUP *group, EC_POINT *r, const BIGNUM *n, const EC_POINT *q, const BIGNUM *m, BN_CTX *ctx);
int EC_POINT_get_affine_coordinates(const EC_GROUP *group, const EC_POINT *p, BIGNUM *x, BIGNUM *y, BN_CTX *ctx);
void EC_POINT_free(EC_POINT *point);
BN_CTX *BN_CTX_new(void);
void BN_CTX_free(BN_CTX *ctx);
BIGNUM *BN_new(void);
void BN_free(BIGNUM *a);
BIGNUM *BN_bin2bn(const unsigned char *s, int len, BIGNUM *ret);
int BN_bn2binpad(const BIGNUM *a, unsigned char *to, int tolen);
int BN_rand_range(BIGNUM *rnd, const BIGNUM *range);
int BN_mod_add(BIGNUM *r, const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_CTX *ctx);
int BN_mod_sub(BIGNUM *r, const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_CTX *ctx);
int BN_mod_mul(BIGNUM *r, const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_CTX *ctx);
BIGNUM *BN_mod_inverse(BIGNUM *ret, const BIGNUM *a, const BIGNUM *n, BN_CTX *ctx);
int BN_add_word(BIGNUM *a, unsigned long w);

#define TRIES_MAX 5
static long connectedEpoch = -1;
static int verified = 0;
static char deviceHandle, applicationHandle, containerHandle;

static void setting(const char *name, char *value, size_t size, const char *otherwise) {
  char line[128];
  size_t length = strlen(name);
  snprintf(value, size, "%s", otherwise);
  FILE *file = fopen(STAND_IN_FOLDER "/control", "r");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, name, length) == 0 && line[length] == '=') snprintf(value, size, "%s", line + length + 1);
  }
  fclose(file);
}

static long number(const char *name, long otherwise) {
  char value[64], other[32];
  snprintf(other, sizeof other, "%ld", otherwise);
  setting(name, value, sizeof value, other);
  return atol(value);
}

static int triesLeft(void) {
  int tries = TRIES_MAX;
  FILE *file = fopen(STAND_IN_FOLDER "/tries", "r");
  if (!file) return tries;
  if (fscanf(file, "%d", &tries) != 1) tries = 0;
  fclose(file);
  return tries;
}

static void keepTries(int tries) {
  FILE *file = fopen(STAND_IN_FOLDER "/tries", "w");
  if (!file) return;
  fprintf(file, "%d", tries);
  fclose(file);
}

static int named(const char *what, const char *name) {
  char value[64];
  setting(what, value, sizeof value, "none");
  return strcmp(value, name) == 0;
}

/* `hang=NAME` holds the function of that name after it was counted and before it does anything; `crash=NAME` dies there. */
static void called(const char *name) {
  FILE *file = fopen(STAND_IN_FOLDER "/calls", "a");
  if (!file) return;
  fprintf(file, "%s\n", name);
  fclose(file);
  while (named("hang", name)) usleep(20000);
  if (named("crash", name)) raise(SIGSEGV);
}

/* As a vendor's start-up code that waits for a service of its own. */
__attribute__((constructor)) static void loaded(void) { called("Load"); }

static int fault(const char *name) { return named("fault", name); }

/* Handles die with the device; a device that was plugged in again has another epoch. */
static ULONG alive(HANDLE handle, void *expected) {
  if (!number("present", 1) || number("epoch", 0) != connectedEpoch) return SAR_DEVICE_REMOVED;
  return handle == expected ? SAR_OK : SAR_INVALIDHANDLEERR;
}

static void place(BYTE to[64], const BIGNUM *value) {
  memset(to, 0, 64);
#ifdef LEFT_ALIGNED
  BN_bn2binpad(value, to, 32);
#else
  BN_bn2binpad(value, to + 32, 32);
#endif
}

/* Secret: 32 bytes of the value `key`. */
static BIGNUM *secretKey(void) {
  BYTE bytes[32];
  memset(bytes, (int)number("key", 7), sizeof bytes);
  return BN_bin2bn(bytes, sizeof bytes, NULL);
}

static ULONG giveText(const char *text, LPSTR list, ULONG *size) {
  ULONG needed = text[0] ? strlen(text) + 2 : 1;
  if (!list) { *size = needed; return SAR_OK; }
  if (*size < needed) { *size = needed; return SAR_BUFFER_TOO_SMALL; }
  memset(list, 0, needed);
  strcpy(list, text);
  *size = needed;
  return SAR_OK;
}

ULONG SKF_EnumDev(BOOL present, LPSTR list, ULONG *size) {
  (void)present;
  called("EnumDev");
  return giveText(number("present", 1) ? "Stand-in 0" : "", list, size);
}

ULONG SKF_ConnectDev(LPSTR name, HANDLE *device) {
  called("ConnectDev");
  if (!number("present", 1)) return SAR_DEVICE_REMOVED;
  if (strcmp(name, "Stand-in 0") != 0) return SAR_FAIL;
  connectedEpoch = number("epoch", 0);
  verified = 0;
  *device = &deviceHandle;
  return SAR_OK;
}

ULONG SKF_DisConnectDev(HANDLE device) {
  called("DisConnectDev");
  (void)device;
  connectedEpoch = -1;
  verified = 0;
  return SAR_OK;
}

ULONG SKF_GetDevInfo(HANDLE device, DEVINFO *info) {
  called("GetDevInfo");
  ULONG state = alive(device, &deviceHandle);
  if (state != SAR_OK) return state;
  memset(info, 0, sizeof *info);
  strcpy(info->manufacturer, "Stand-in");
  setting("serial", info->serial, sizeof info->serial, "SKF-0001");
  return SAR_OK;
}

ULONG SKF_OpenApplication(HANDLE device, LPSTR name, HANDLE *application) {
  called("OpenApplication");
  ULONG state = alive(device, &deviceHandle);
  if (state != SAR_OK) return state;
  if (strcmp(name, "edgeseal") != 0) return SAR_APPLICATION_NOT_EXISTS;
  *application = &applicationHandle;
  return SAR_OK;
}

ULONG SKF_CloseApplication(HANDLE application) {
  called("CloseApplication");
  return alive(application, &applicationHandle);
}

ULONG SKF_OpenContainer(HANDLE application, LPSTR name, HANDLE *container) {
  called("OpenContainer");
  ULONG state = alive(application, &applicationHandle);
  if (state != SAR_OK) return state;
  if (strcmp(name, "sealer") != 0) return SAR_FAIL;
  *container = &containerHandle;
  return SAR_OK;
}

ULONG SKF_CloseContainer(HANDLE container) {
  called("CloseContainer");
  return alive(container, &containerHandle);
}

ULONG SKF_GetPINInfo(HANDLE application, ULONG type, ULONG *most, ULONG *left, BOOL *isDefault) {
  called("GetPINInfo");
  ULONG state = alive(application, &applicationHandle);
  if (state != SAR_OK) return state;
  if (type != 1) return SAR_FAIL;
  *most = TRIES_MAX;
  *left = triesLeft();
  *isDefault = 0;
  return SAR_OK;
}

ULONG SKF_VerifyPIN(HANDLE application, ULONG type, LPSTR pin, ULONG *left) {
  called("VerifyPIN");
  if (!pin[0]) called("EmptyPIN");
  ULONG state = alive(application, &applicationHandle);
  if (state != SAR_OK) return state;
  if (type != 1) return SAR_FAIL;
  int tries = triesLeft();
  if (tries == 0) return SAR_PIN_LOCKED;
  char expected[64];
  setting("pin", expected, sizeof expected, "271828");
  verified = strcmp(pin, expected) == 0;
  keepTries(verified ? TRIES_MAX : tries - 1);
  *left = triesLeft();
  if (verified) return SAR_OK;
  return *left == 0 ? SAR_PIN_LOCKED : SAR_PIN_INCORRECT;
}

ULONG SKF_ExportPublicKey(HANDLE container, BOOL forSigning, BYTE *out, ULONG *size) {
  called("ExportPublicKey");
  ULONG state = alive(container, &containerHandle);
  if (state != SAR_OK) return state;
  if (!forSigning) return SAR_FAIL;
  if (*size < sizeof(ECCPUBLICKEYBLOB)) return SAR_BUFFER_TOO_SMALL;
  *size = sizeof(ECCPUBLICKEYBLOB);
  ECCPUBLICKEYBLOB *blob = (ECCPUBLICKEYBLOB *)out;
  EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
  BN_CTX *ctx = BN_CTX_new();
  BIGNUM *d = secretKey(), *x = BN_new(), *y = BN_new();
  EC_POINT *point = EC_POINT_new(group);
  EC_POINT_mul(group, point, d, NULL, NULL, ctx);
  EC_POINT_get_affine_coordinates(group, point, x, y, ctx);
  blob->BitLen = 256;
  place(blob->X, x);
  place(blob->Y, y);
  EC_POINT_free(point);
  BN_free(d), BN_free(x), BN_free(y), BN_CTX_free(ctx);
  return SAR_OK;
}

/* `data` is e; GB/T 32918.2-2016, 6.1 from step A3 on. */
ULONG SKF_ECCSignData(HANDLE container, BYTE *data, ULONG length, ECCSIGNATUREBLOB *signature) {
  called("ECCSignData");
  if (fault("removed")) return SAR_DEVICE_REMOVED;
  if (fault("failed")) return SAR_FAIL;
  if (fault("logged out")) verified = 0;
  ULONG state = alive(container, &containerHandle);
  if (state != SAR_OK) return state;
  if (!verified) return SAR_USER_NOT_LOGGED_IN;
  if (length != 32) return SAR_INDATALENERR;
  EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
  const BIGNUM *n = EC_GROUP_get0_order(group);
  BN_CTX *ctx = BN_CTX_new();
  BIGNUM *d = secretKey(), *e = BN_bin2bn(data, 32, NULL), *k = BN_new(), *r = BN_new(), *s = BN_new(), *y = BN_new();
  EC_POINT *point = EC_POINT_new(group);
  BN_rand_range(k, n);
  EC_POINT_mul(group, point, k, NULL, NULL, ctx);
  EC_POINT_get_affine_coordinates(group, point, r, y, ctx);
  BN_mod_add(r, r, e, n, ctx);
  BN_mod_mul(s, r, d, n, ctx);
  BN_mod_sub(s, k, s, n, ctx);
  BN_add_word(d, 1);
  BN_mod_inverse(d, d, n, ctx);
  BN_mod_mul(s, s, d, n, ctx);
  place(signature->r, r);
  place(signature->s, s);
  EC_POINT_free(point);
  BN_free(d), BN_free(e), BN_free(k), BN_free(r), BN_free(s), BN_free(y), BN_CTX_free(ctx);
  return fault("error after") ? SAR_FAIL : SAR_OK;
}
