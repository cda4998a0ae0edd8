import { describe } from 'vitest';
import { conformance } from './conformance.testing.ts';
import { MemoryStore } from './memory.ts';

describe('MemoryStore', () => conformance(async () => new MemoryStore()));
