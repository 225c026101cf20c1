export const CAPABILITIES = [
  {
    name: 'transform',
    description: 'Documents the modules that have no documentation',
    params_schema: {
      type: 'object',
      required: ['ir'],
      properties: {
        ir: {
          description: 'The content of morphir-ir.json; format version 3 is documented, any other passes through',
          type: 'object',
        },
        options: {
          type: 'object',
          properties: {
            documentation: {
              description: 'The text for modules that have none; by default that of the config',
              type: 'string',
              minLength: 1,
            },
          },
        },
      },
    },
    return_schema: {
      type: 'object',
      required: ['transformed', 'documented', 'output'],
      properties: {
        transformed: { description: 'Whether the output differs from the ir', type: 'boolean' },
        documented: { description: 'How many modules got the text', type: 'integer', minimum: 0 },
        output: { description: 'The IR, as it came except for the documentation', type: 'object' },
      },
    },
  },
  {
    name: 'echo',
    description: 'Answers its params',
    params_schema: { description: 'Any JSON' },
    return_schema: { description: 'The params' },
  },
]
