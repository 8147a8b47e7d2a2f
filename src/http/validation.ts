import { Ajv } from 'ajv';
import type { FastifyInstance, FastifySchema, RouteGenericInterface } from 'fastify';
import { productIdFault, shown, userIdFault } from '../domain/ids.ts';
import { MAX_EXCLUDED } from './schemas.ts';

/** A request that its schema lets pass and the rules behind it do not. Answered with 400. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
  readonly statusCode = 400;
}

/**
 * Validates requests with Ajv: what comes in a URL is text and is turned into numbers and lists; a body is taken as
 * it is, so that the number 123 does not pass for the id "00123". Nothing undeclared is dropped in silence.
 */
export function useStrictValidation(app: FastifyInstance): void {
  const options = { useDefaults: true, removeAdditional: false, verbose: true, strict: false } as const;
  const forUrls = new Ajv({ ...options, coerceTypes: 'array' });
  const forBodies = new Ajv({ ...options, coerceTypes: false });
  app.setValidatorCompiler<FastifySchema & RouteGenericInterface>(({ schema, httpPart }) =>
    (httpPart === 'body' ? forBodies : forUrls).compile(schema),
  );
  app.setSchemaErrorFormatter((errors, part) => {
    const [error] = errors;
    const where = `${part}${error?.instancePath ?? ''}`;
    if (error?.keyword === 'additionalProperties') {
      return new BadRequestError(
        `${where} has ${shown(error.params.additionalProperty)}, which is not a parameter`,
      );
    }
    const got = error !== undefined && 'data' in error ? `, got ${shown(error.data)}` : '';
    return new BadRequestError(`${where} ${error?.message ?? 'is not valid'}${got}`);
  });
}

/** Throws BadRequestError where an id is outside the limits that a schema cannot count: bytes, Unicode. */
export function checkUserId(userId: string): void {
  const fault = userIdFault(userId);
  if (fault !== undefined) throw new BadRequestError(`user id ${shown(userId)} ${fault}`);
}

/** The products to leave out, from lists separated by commas. Throws BadRequestError for what is no product id. */
export function parseExcluded(lists: readonly string[]): string[] {
  const productIds = lists.flatMap((list) => list.split(',')).filter((id) => id !== '');
  checkExcluded(productIds);
  return productIds;
}

export function checkExcluded(productIds: readonly string[]): void {
  if (productIds.length > MAX_EXCLUDED) {
    throw new BadRequestError(`exclude lists ${productIds.length} products; at most ${MAX_EXCLUDED} can be`);
  }
  for (const productId of productIds) {
    const fault = productIdFault(productId);
    if (fault !== undefined) throw new BadRequestError(`product id ${shown(productId)} ${fault}`);
  }
}
