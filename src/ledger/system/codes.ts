/**
 * Numbers that FISCO's system contracts return in place of a result, with receipt status 0. Source:
 * bcos-executor/src/precompiled/common/Common.h (PrecompiledErrorCode), and java-sdk model/PrecompiledRetCode.java for
 * -51104, -51200, -51201 and -51900.
 */
export const CODE = {
  success: 0,
  noAuthorized: -50_000,
  tableNameAlreadyExist: -50_001,
  tableAuthTypeNotExist: -51_002,
  tableErrorAuthType: -51_003,
  invalidNodeId: -51_100,
  lastSealer: -51_101,
  invalidWeight: -51_102,
  nodeNotExist: -51_103,
  addSealerShouldInObserver: -51_104,
  addressAndVersionExist: -51_200,
  versionLengthOverflow: -51_201,
  addressOrVersionError: -51_202,
  accountAlreadyExist: -51_900,
  fileNotExist: -53_001,
  fileAlreadyExist: -53_002,
  fileBuildDirFailed: -53_003,
  fileInvalidPath: -53_005,
  fileInvalidType: -53_006,
} as const;
