/*
 * A PKCS#11 module that forwards to SoftHSM2 and misbehaves on command.
 *
 * EDGESEAL_SHIM_TARGET   the module behind
 * EDGESEAL_SHIM_CONTROL  a file whose first word is the fault in force, read at every call; empty or absent: none
 * EDGESEAL_SHIM_LOG      a file that gets one line per login, per hanging search for slots, and per signature that was really made
 *
 * It also offers the vendor mechanism 0x80000501: SM2 over e with the fixed secret SM2_SECRET, which no free token has.
 */
#include "pkcs11.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VENDOR_SM2 0x80000501UL
#define SM2_SECRET "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
#define SESSIONS_MAX 65536
#define HANG_SECONDS 30
#define STRANGE_SLOT 0x7edbeefUL
/* What a token at its limit has room for. */
#define SESSIONS_OF_SMALL_TOKEN 2

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST mine;
static unsigned char sm2_session[SESSIONS_MAX];
static int open_sessions;

static int fault(const char *name) {
  char word[32] = {0};
  const char *path = getenv("EDGESEAL_SHIM_CONTROL");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return 0;
  ssize_t length = read(file, word, sizeof word - 1);
  close(file);
  if (length < 0) return 0;
  word[strcspn(word, " \n")] = 0;
  return strcmp(word, name) == 0;
}

static void note(const char *what, const unsigned char *data, unsigned long length) {
  char line[300];
  size_t at = (size_t)snprintf(line, sizeof line, "%s %d ", what, (int)getpid());
  const char *path = getenv("EDGESEAL_SHIM_LOG");
  int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
  if (file < 0) return;
  for (unsigned long i = 0; i < length && i < 64; i++) at += (size_t)sprintf(line + at, "%02x", data[i]);
  line[at++] = '\n';
  if (write(file, line, at) < 0) abort();
  close(file);
}

/* GB/T 32918.2, 6.1: r = (e + x1) mod n, s = (k - r d) / (1 + d). */
static CK_RV sm2_sign(const unsigned char *e32, CK_BYTE_PTR out, CK_ULONG_PTR out_length) {
  if (out == NULL || *out_length < 64) return CKR_BUFFER_TOO_SMALL;
  BN_CTX *context = BN_CTX_new();
  EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
  EC_POINT *point = EC_POINT_new(group);
  const BIGNUM *n = EC_GROUP_get0_order(group);
  BIGNUM *d = NULL, *k = BN_new(), *x = BN_new(), *r = BN_new(), *s = BN_new(), *t = BN_new();
  BIGNUM *e = BN_bin2bn(e32, 32, NULL);
  BN_hex2bn(&d, SM2_SECRET);
  do {
    BN_rand_range(k, n);
    EC_POINT_mul(group, point, k, NULL, NULL, context);
    EC_POINT_get_affine_coordinates(group, point, x, NULL, context);
    BN_mod_add(r, e, x, n, context);
    BN_mod_mul(t, r, d, n, context);
    BN_mod_sub(s, k, t, n, context);
    BN_add(t, d, BN_value_one());
    BN_mod_inverse(t, t, n, context);
    BN_mod_mul(s, s, t, n, context);
  } while (BN_is_zero(r) || BN_is_zero(s) || BN_is_zero(k));
  BN_bn2binpad(r, out, 32);
  BN_bn2binpad(s, out + 32, 32);
  *out_length = 64;
  BN_free(d), BN_free(k), BN_free(x), BN_free(r), BN_free(s), BN_free(t), BN_free(e);
  EC_POINT_free(point), EC_GROUP_free(group), BN_CTX_free(context);
  return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  if (present && fault("removed")) {
    *count = 0;
    return CKR_OK;
  }
  if (fault("slots-hang")) {
    note("slots", NULL, 0);
    sleep(HANG_SECONDS);
  }
  CK_ULONG room = *count;
  CK_RV result = real->C_GetSlotList(present, slots, count);
  if (result != CKR_OK || !fault("strange-card")) return result;
  if (slots != NULL) {
    if (room <= *count) return CKR_BUFFER_TOO_SMALL;
    memmove(slots + 1, slots, *count * sizeof *slots);
    slots[0] = STRANGE_SLOT;
  }
  *count += 1;
  return CKR_OK;
}

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
  CK_ULONG room = *count;
  CK_RV result = real->C_GetMechanismList(slot, list, count);
  if (result != CKR_OK) return result;
  if (list != NULL) {
    if (room <= *count) return CKR_BUFFER_TOO_SMALL;
    list[*count] = VENDOR_SM2;
  }
  *count += 1;
  return CKR_OK;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  if (slot == STRANGE_SLOT) return CKR_TOKEN_NOT_RECOGNIZED;
  CK_RV result = real->C_GetTokenInfo(slot, info);
  if (result == CKR_OK && fault("final-try")) info->flags |= CKF_USER_PIN_FINAL_TRY;
  return result;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR app, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR out) {
  if (fault("removed")) return CKR_TOKEN_NOT_PRESENT;
  if (fault("stuck-full")) return CKR_SESSION_COUNT;
  if (fault("stuck-at-limit") && open_sessions >= SESSIONS_OF_SMALL_TOKEN) return CKR_SESSION_COUNT;
  CK_RV result = real->C_OpenSession(slot, flags, app, notify, out);
  if (result == CKR_OK) open_sessions++;
  return result;
}

static CK_RV close_session(CK_SESSION_HANDLE session) {
  CK_RV result = real->C_CloseSession(session);
  if (result == CKR_OK) open_sessions--;
  return result;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  note("login", NULL, 0);
  if (fault("pin-locked")) return CKR_PIN_LOCKED;
  if (fault("pin-changed")) return CKR_PIN_INCORRECT;
  if (fault("login-hang")) sleep(HANG_SECONDS);
  if (fault("login-crash")) abort();
  if (fault("login-error")) return CKR_DEVICE_ERROR;
  if (fault("login-early")) return CKR_TOKEN_NOT_PRESENT;
  return real->C_Login(session, user, pin, length);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (fault("removed")) return CKR_DEVICE_REMOVED;
  if (fault("active")) return CKR_OPERATION_ACTIVE;
  if (fault("session-lost")) {
    CK_SESSION_INFO info;
    if (real->C_GetSessionInfo(session, &info) == CKR_OK) real->C_CloseAllSessions(info.slotID);
    return CKR_SESSION_HANDLE_INVALID;
  }
  if (fault("init-hang")) sleep(HANG_SECONDS);
  if (session < SESSIONS_MAX) sm2_session[session] = mechanism->mechanism == VENDOR_SM2;
  return mechanism->mechanism == VENDOR_SM2 ? CKR_OK : real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR out_length) {
  CK_RV result;
  if (fault("removed-signing")) return CKR_DEVICE_REMOVED;
  if (fault("login-expired")) {
    real->C_Logout(session);
    return CKR_USER_NOT_LOGGED_IN;
  }
  if (fault("stuck") || fault("stuck-full") || fault("stuck-at-limit")) return CKR_FUNCTION_FAILED;
  if (fault("crash")) abort();
  if (fault("hang")) sleep(HANG_SECONDS);
  if (fault("slow")) usleep(300000);
  while (fault("pause")) usleep(5000);
  if (session < SESSIONS_MAX && sm2_session[session]) {
    result = length == 32 ? sm2_sign(data, out, out_length) : CKR_DATA_LEN_RANGE;
  } else {
    result = real->C_Sign(session, data, length, out, out_length);
  }
  if (result != CKR_OK || out == NULL) return result;
  note("sign", data, length);
  if (fault("error-after")) return CKR_DEVICE_ERROR;
  if (fault("flip")) out[*out_length - 1] ^= 1;
  if (fault("short")) *out_length -= 1;
  return CKR_OK;
}

/* Flags that are no CK_BBOOL, and one that the token does not know. */
static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR list, CK_ULONG count) {
  int strange = count == 1 && list[0].type == CKA_EXTRACTABLE && fault("extractable-ff");
  int wide = count == 1 && list[0].type == CKA_SENSITIVE && fault("sensitive-wide");
  int birth = count == 1 && list[0].type == CKA_NEVER_EXTRACTABLE;
  if (birth && fault("birth-unknown")) return CKR_ATTRIBUTE_TYPE_INVALID;
  CK_RV result = real->C_GetAttributeValue(session, object, list, count);
  if (result != CKR_OK) return result;
  if ((strange || (birth && fault("birth-ff"))) && list[0].pValue != NULL) memset(list[0].pValue, 0xff, 1);
  if (wide) {
    if (list[0].pValue != NULL) memset((char *)list[0].pValue + 1, 0, sizeof(CK_ULONG) - 1);
    list[0].ulValueLen = sizeof(CK_ULONG);
  }
  return result;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (real == NULL) {
    const char *target = getenv("EDGESEAL_SHIM_TARGET");
    void *module = target ? dlopen(target, RTLD_NOW | RTLD_LOCAL) : NULL;
    CK_C_GetFunctionList get = module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;
    if (get == NULL || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    mine = *real;
    mine.C_GetFunctionList = C_GetFunctionList;
    mine.C_GetSlotList = get_slot_list;
    mine.C_GetMechanismList = get_mechanism_list;
    mine.C_GetTokenInfo = get_token_info;
    mine.C_OpenSession = open_session;
    mine.C_CloseSession = close_session;
    mine.C_Login = login;
    mine.C_GetAttributeValue = get_attribute_value;
    mine.C_SignInit = sign_init;
    mine.C_Sign = sign;
  }
  *list = &mine;
  return CKR_OK;
}
