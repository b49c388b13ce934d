/**
 * What system contracts cost. The numbers of the fixed parts are FISCO's for reading, writing, creating a table and
 * verifying (bcos-executor/src/precompiled/common/PrecompiledGas.h, GasMetrics); the charge per byte is ours and linear.
 */
export const GAS_READ = 200;
export const GAS_WRITE = 10_000;
export const GAS_CREATE = 16_000;
export const GAS_VERIFY = 20_000;
/** For every byte of input, selector included. */
export const GAS_PER_INPUT_BYTE = 3;
/** For every byte of output. */
export const GAS_PER_OUTPUT_BYTE = 3;
/** No output grows beyond this, whatever the gas: a receipt has to fit into a message to a light node. */
export const OUTPUT_BYTES_MAX = 64 * 1024;
/** The same for a call by JSON-RPC, of which nothing stays. */
export const CALL_OUTPUT_BYTES_MAX = 1024 * 1024;
/** Records a call reads for its fixed price, and what each further one costs: a list is as long as its owner made it. */
export const READS_INCLUDED = 16;
export const GAS_PER_FURTHER_READ = 2_000;
