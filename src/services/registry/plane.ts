/**
 * The data plane of container registries: OCI distribution behind Azure's exchange of tokens.
 *
 * @module
 */

import { formatIp } from '../../lib/ip.ts';
import {
  BodyTooLarge,
  type DataPlane,
  type DataRequest,
  type DataResponse,
  type World,
} from '../data-plane.ts';
import { authorize, challenge, passOf } from './access.ts';
import { credentialsOf, tokenContext } from './credentials.ts';
import { answerData, dataHost } from './data-endpoint.ts';
import { errorAnswer, notImplemented, RegistryError } from './error.ts';
import { audiences, exchangeToken, giveToken, type Identify } from './exchange.ts';
import type { Images } from './images.ts';
import { isRepository } from './names.ts';
import { operationOf } from './operations.ts';

/** Returns what answers at `<registry>.azurecr.io` and at its data endpoint. */
export function registryPlane(images: Images, identify: Identify): DataPlane {
  return {
    audiences: () => audiences,
    refuse: (request) =>
      errorAnswer(
        request,
        new RegistryError('DENIED', {
          message: `client with IP '${addressOf(request)}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`,
        }),
      ),
    handle: async (request, world) => {
      try {
        return request.host === dataHost(request.resource)
          ? await answerData(images, request, world)
          : await answerRegistry(images, identify, request, world);
      } catch (error) {
        if (error instanceof RegistryError) return errorAnswer(request, error);
        if (error instanceof BodyTooLarge) return errorAnswer(request, tooLarge(error));
        throw error;
      }
    },
  };
}

function tooLarge({ limit }: BodyTooLarge): RegistryError {
  return new RegistryError('SIZE_INVALID', {
    message: `Cloister takes no more than ${limit / 1024 / 1024} MiB in one request.`,
    detail: { limit },
  });
}

function addressOf({ arrival: { source } }: DataRequest): string {
  return source === undefined ? 'unknown' : formatIp(source);
}

async function answerRegistry(
  images: Images,
  identify: Identify,
  request: DataRequest,
  world: World,
): Promise<DataResponse> {
  const { method, headers, resource } = request;
  const { path, query } = partsOf(request.target);
  if (method === 'POST' && path === '/oauth2/exchange') return exchangeToken(request, world, identify);
  if ((method === 'GET' || method === 'POST') && path === '/oauth2/token') return giveToken(request, world);
  const operation = operationOf(method, path);
  const context = tokenContext(resource, world, request.now);
  const credentials = credentialsOf(headers['authorization'], context);
  if (credentials.kind === 'none') throw challenge(request, operation);
  if (credentials.kind === 'invalid') throw challenge(request, operation, 'invalid_token');
  if (!operation) {
    throw new RegistryError('NAME_UNKNOWN', { message: `A registry has no ${method} at '${path}'.` });
  }
  const { repository, reference, run } = operation;
  if (repository !== '' && !isRepository(repository)) {
    throw new RegistryError('NAME_INVALID', { detail: { name: repository } });
  }
  const pass = passOf(credentials, request, world);
  authorize(pass, operation, request);
  if (!run) throw notImplemented(operation.name);
  return run({
    request,
    world,
    context,
    images,
    at: { registry: resource.name.toLowerCase(), repository },
    reference,
    query,
    may: (other, action) => pass.may('repository', other, action),
  });
}

/** Some clients write the slashes of a repository, and the colon of a digest, as percent and digits. */
function partsOf(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const [, path = '', search = ''] = /^([^?]*)\??(.*)$/s.exec(target) ?? [];
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(search) };
  } catch {
    throw new RegistryError('NAME_INVALID', { message: 'the path is not encoded as paths are' });
  }
}
